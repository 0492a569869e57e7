/** @file Upstream's `NodeJSKernelBackend`, unmodified, on the binding of this folder, as tfjs backend `tensorflow`. */
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import {
  type Attribute,
  type Binding,
  type BindingOptions,
  createBinding,
  type TensorValues,
} from './binding.js';
import { loadTensorFlow } from './library.js';

/** The part of upstream's backend that is called here. */
export interface TensorFlowBackend {
  readonly tensorMap: tf.DataStorage<object>;
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly tf.Tensor[],
    outputs: number,
  ): tf.Tensor[];
}

/** A ready backend. */
export interface OpenedTensorFlow {
  readonly backend: TensorFlowBackend;
  readonly binding: Binding;
  readonly version: string;
}

/**
 * A tensor of a type that tfjs does not have, made by the binding itself; tfjs takes it for int32 and passes it on.
 *
 * @param dtype TensorFlow's number
 */
export const foreignTensor = (
  { backend, binding }: OpenedTensorFlow,
  shape: number[],
  dtype: number,
  values: TensorValues,
): tf.Tensor => {
  const dataId = {};
  const id = binding.createTensor(shape, dtype, values);
  backend.tensorMap.set(dataId, { shape, dtype, id, values: null, refCount: 1 });
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype: 'int32' });
};

const require = createRequire(import.meta.url);

/** Node 23 dropped two functions that upstream calls. */
const restoreUtil = (): void => {
  const util = require('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
};

/** TensorFlow reads these when it is loaded: no log lines but errors, no oneDNN notice, no grabbing of all GPU memory. */
const ENVIRONMENT = {
  TF_CPP_MIN_LOG_LEVEL: '2',
  TF_ENABLE_ONEDNN_OPTS: '0',
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
};

let opened: OpenedTensorFlow | undefined;

/**
 * Loads TensorFlow, makes its backend tfjs' current one, and keeps it for the life of the process: a second call gives
 * the same, so it must ask for the same device.
 *
 * @param directory that holds the two libraries
 */
export const openTensorFlow = async (
  directory: string,
  options: BindingOptions,
): Promise<OpenedTensorFlow> => {
  tf.enableProdMode(); // silences the banner
  if (!opened) {
    for (const [name, value] of Object.entries(ENVIRONMENT)) process.env[name] ??= value;
    restoreUtil();
    const library = loadTensorFlow(directory);
    const binding = createBinding(library, options);
    // Not through the package's index, which loads the native addon that has no build any more and parses our argv.
    require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels');
    const { NodeJSKernelBackend } = require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend') as {
      NodeJSKernelBackend: new (binding: Binding, name: string) => TensorFlowBackend & tf.KernelBackend;
    };
    const backend = new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu');
    tf.registerBackend('tensorflow', () => backend, 3);
    opened = { backend, binding, version: library.version() };
  }
  if (opened.binding.isUsingGpuDevice() !== (options.device === 'cuda')) {
    throw new Error(`TensorFlow was opened on ${opened.binding.device.type} already`);
  }
  await tf.setBackend('tensorflow');
  return opened;
};
