/** @file The tfjs backend `tensorflow`: upstream's unmodified `NodeJSKernelBackend` on the binding in this folder. */

import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import {
  type Attribute,
  type Binding,
  type BindingOptions,
  createBinding,
  TensorFlowError,
  type TensorMetadata,
  type TensorValues,
  TF,
} from './binding.js';
import { loadTensorFlow } from './library.js';
import { quietly } from './quiet.js';
import { leaveSignalsToOthers } from './signals.js';

/** The methods of upstream's backend that are called here. */
export interface TensorFlowBackend {
  readonly tensorMap: tf.DataStorage<object>;
  /** Copies tensors that tfjs created to TensorFlow, where that has not been done yet. */
  getInputTensorIds(tensors: readonly tf.Tensor[]): number[];
}

/** An opened TensorFlow. */
export interface OpenedTensorFlow {
  readonly backend: TensorFlowBackend;
  readonly binding: Binding;
  readonly version: string;
  /** Threads within an op. */
  readonly threads: number;
}

const require = createRequire(import.meta.url);

/**
 * TensorFlow and CUDA read these when they are loaded: log only errors, no oneDNN notice, allocate GPU memory as needed,
 * and multiply in full float32, because TF32 has a mantissa of ten bits and would disagree with the other backends.
 */
const ENVIRONMENT = {
  TF_CPP_MIN_LOG_LEVEL: '2',
  TF_ENABLE_ONEDNN_OPTS: '0',
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  NVIDIA_TF32_OVERRIDE: '0',
};

let opened: OpenedTensorFlow | undefined;

/**
 * Creates a tensor of any type through the binding.
 *
 * @param dtype TensorFlow's number of the type
 */
export function foreignTensor(
  opened: OpenedTensorFlow,
  shape: number[],
  dtype: number,
  values: TensorValues,
): tf.Tensor {
  return adopt(opened, { id: opened.binding.createTensor(shape, dtype, values), shape, dtype });
}

/** Makes tfjs the owner of a tensor. Types that tfjs does not have appear as int32; such tensors are never read. */
function adopt({ backend }: OpenedTensorFlow, { id, shape, dtype }: TensorMetadata): tf.Tensor {
  const dataId = {};
  backend.tensorMap.set(dataId, { shape, dtype, id, values: null, refCount: 1 });
  const known = dtype === TF.TF_FLOAT ? 'float32' : dtype === TF.TF_BOOL ? 'bool' : 'int32';
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype: known });
}

/** As many tensors as an op has outputs. */
export type TensorTuple<Count extends number, Built extends tf.Tensor[] = []> = number extends Count
  ? tf.Tensor[]
  : Built['length'] extends Count
    ? Built
    : TensorTuple<Count, [...Built, tf.Tensor]>;

/** Runs an op. Unlike upstream's method, it supports outputs of every type. */
export function execute<Count extends number>(
  opened: OpenedTensorFlow,
  name: string,
  attributes: readonly Attribute[],
  inputs: readonly tf.Tensor[],
  outputs: Count,
): TensorTuple<Count> {
  const ids = opened.backend.getInputTensorIds(inputs);
  const tensors = opened.binding
    .executeOp(name, attributes, ids, outputs)
    .map((metadata) => adopt(opened, metadata));
  if (tensors.length !== outputs) {
    throw new TensorFlowError(`${name}: expected ${outputs} outputs, got ${tensors.length}`);
  }
  return tensors as TensorTuple<Count>;
}

/**
 * Loads TensorFlow and makes it the current backend of tfjs. A process has one TensorFlow: later calls return the same
 * one and must ask for the same device and number of threads.
 *
 * @param directory folder with the two libraries
 */
export async function openTensorFlow(
  directory: string,
  { device, threads }: BindingOptions,
): Promise<OpenedTensorFlow> {
  tf.enableProdMode(); // suppresses the banner
  if (!opened) {
    for (const [name, value] of Object.entries(ENVIRONMENT)) process.env[name] ??= value;
    restoreUtil();
    const { library, binding } = quietly(() => {
      const loaded = loadTensorFlow(directory);
      return { library: loaded, binding: createBinding(loaded, { device, threads }) };
    });
    leaveSignalsToOthers();
    // Not the package's index: it loads a native addon that is not built, and parses our argv.
    require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels');
    const { NodeJSKernelBackend } = require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend') as {
      NodeJSKernelBackend: new (binding: Binding, name: string) => TensorFlowBackend & tf.KernelBackend;
    };
    const backend = new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu');
    tf.registerBackend('tensorflow', () => backend, 3);
    opened = { backend, binding, version: library.version(), threads };
  }
  if (opened.binding.isUsingGpuDevice() !== (device === 'cuda')) {
    throw new Error(`TensorFlow is already open on ${opened.binding.device.type}`);
  }
  if (opened.threads !== threads) {
    throw new Error(`TensorFlow is already open with ${opened.threads} threads`);
  }
  await tf.setBackend('tensorflow');
  return opened;
}

/** Restores two functions that upstream calls and that Node 23 removed. */
function restoreUtil(): void {
  const util = require('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
