/** @file Upstream's `NodeJSKernelBackend`, unmodified, on the binding of this folder, as tfjs backend `tensorflow`. */

import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import {
  type Attribute,
  type Binding,
  type BindingOptions,
  createBinding,
  type TensorMetadata,
  type TensorValues,
  TF,
} from './binding.js';
import { loadTensorFlow } from './library.js';
import { quietly } from './quiet.js';
import { leaveSignalsToOthers } from './signals.js';

/** The part of upstream's backend that is called here. */
export interface TensorFlowBackend {
  readonly tensorMap: tf.DataStorage<object>;
  /** Gives tensors that tfjs made to TensorFlow, if that was put off. */
  getInputTensorIds(tensors: readonly tf.Tensor[]): number[];
}

/** A ready backend. */
export interface OpenedTensorFlow {
  readonly backend: TensorFlowBackend;
  readonly binding: Binding;
  readonly version: string;
  /** Within an op. */
  readonly threads: number;
}

const require = createRequire(import.meta.url);

/**
 * TensorFlow and CUDA read these when they are loaded: no log lines but errors, no oneDNN notice, no grabbing of all GPU
 * memory, and products of full float32, for TF32 keeps ten bits of a factor and would agree with no other backend.
 */
const ENVIRONMENT = {
  TF_CPP_MIN_LOG_LEVEL: '2',
  TF_ENABLE_ONEDNN_OPTS: '0',
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  NVIDIA_TF32_OVERRIDE: '0',
};

let opened: OpenedTensorFlow | undefined;

/**
 * A tensor of any type, made by the binding itself.
 *
 * @param dtype TensorFlow's number
 */
export function foreignTensor(
  opened: OpenedTensorFlow,
  shape: number[],
  dtype: number,
  values: TensorValues,
): tf.Tensor {
  return adopt(opened, { id: opened.binding.createTensor(shape, dtype, values), shape, dtype });
}

/** Makes tfjs the owner of a tensor. A type that tfjs does not have is int32 to it: passed on, never read. */
function adopt({ backend }: OpenedTensorFlow, { id, shape, dtype }: TensorMetadata): tf.Tensor {
  const dataId = {};
  backend.tensorMap.set(dataId, { shape, dtype, id, values: null, refCount: 1 });
  const known = dtype === TF.TF_FLOAT ? 'float32' : dtype === TF.TF_BOOL ? 'bool' : 'int32';
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype: known });
}

/** Runs an op. Unlike upstream's own way to do so, this takes outputs of every type. */
export function execute(
  opened: OpenedTensorFlow,
  name: string,
  attributes: readonly Attribute[],
  inputs: readonly tf.Tensor[],
  outputs: number,
): tf.Tensor[] {
  return opened.binding
    .executeOp(name, attributes, opened.backend.getInputTensorIds(inputs), outputs)
    .map((metadata) => adopt(opened, metadata));
}

/**
 * Loads TensorFlow, makes its backend tfjs' current one, and keeps it for the life of the process: a second call gives
 * the same, so it must ask for the same device and threads.
 *
 * @param directory that holds the two libraries
 */
export async function openTensorFlow(
  directory: string,
  { device, threads }: BindingOptions,
): Promise<OpenedTensorFlow> {
  tf.enableProdMode(); // silences the banner
  if (!opened) {
    for (const [name, value] of Object.entries(ENVIRONMENT)) process.env[name] ??= value;
    restoreUtil();
    const { library, binding } = quietly(() => {
      const loaded = loadTensorFlow(directory);
      return { library: loaded, binding: createBinding(loaded, { device, threads }) };
    });
    leaveSignalsToOthers();
    // Not through the package's index, which loads the native addon that has no build any more and parses our argv.
    require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels');
    const { NodeJSKernelBackend } = require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend') as {
      NodeJSKernelBackend: new (binding: Binding, name: string) => TensorFlowBackend & tf.KernelBackend;
    };
    const backend = new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu');
    tf.registerBackend('tensorflow', () => backend, 3);
    opened = { backend, binding, version: library.version(), threads };
  }
  if (opened.binding.isUsingGpuDevice() !== (device === 'cuda')) {
    throw new Error(`TensorFlow was opened on ${opened.binding.device.type} already`);
  }
  if (opened.threads !== threads) {
    throw new Error(`TensorFlow was opened with ${opened.threads} threads already`);
  }
  await tf.setBackend('tensorflow');
  return opened;
}

/** Node 23 dropped two functions that upstream calls. */
function restoreUtil(): void {
  const util = require('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
