/** @file The engine that differentiates the readable model with TensorFlow.js: slow on its `cpu` backend, and the oracle. */

import * as tf from '@tensorflow/tfjs';
import type { Split } from '../../data/mnist.js';
import { adamRate } from '../../model/adam.js';
import { parameterShapes } from '../../model/spec.js';
import { type NamedArray, NO_METRICS, type StepMetrics, type TrainingState } from '../../model/state.js';
import {
  type Engine,
  type EngineInput,
  METRICS,
  metricsFromArray,
  metricsToArray,
  STEP,
  slotName,
} from '../engine.js';
import { countCorrect, crossEntropy, predict } from './model.js';
import { adam, clipGradients, sgd, type Tensors, type Update } from './optimizer.js';

const EVALUATION_BATCH = 500;

/** Makes a ready engine on TensorFlow.js's plain JavaScript backend. */
export async function createJsEngine({ spec, dataset, parameters: initial }: EngineInput): Promise<Engine> {
  tf.enableProdMode(); // silences the banner
  await tf.setBackend('cpu');
  const shapes = parameterShapes(spec);
  const names = Object.keys(shapes);
  const keep = (tensors: Tensors): Tensors => {
    for (const tensor of Object.values(tensors)) tf.keep(tensor);
    return tensors;
  };
  const zeros = (): Tensors =>
    keep(
      spec.optimizer === 'adam'
        ? Object.fromEntries(names.map((name) => [name, tf.zeros([...shapes[name]])]))
        : {},
    );

  let parameters = keep(
    Object.fromEntries(
      [...initial].map(([name, { shape, data }]) => [name, tf.tensor(data.slice(), [...shape])]),
    ),
  );
  let m = zeros();
  let v = zeros();
  let stepCount = 0;
  let sums = NO_METRICS;

  const batchOf = (split: Split, indices: Int32Array): { x: tf.Tensor3D; labels: tf.Tensor1D } => {
    const pixels = spec.timeSteps * spec.inputs;
    const x = new Float32Array(indices.length * pixels);
    indices.forEach((example, row) => {
      for (let pixel = 0; pixel < pixels; pixel++)
        x[row * pixels + pixel] = split.images[example * pixels + pixel] / 255;
    });
    const labels = Int32Array.from(indices, (example) => split.labels[example]);
    return {
      x: tf.tensor3d(x, [indices.length, spec.timeSteps, spec.inputs]),
      labels: tf.tensor1d(labels, 'int32'),
    };
  };

  const step = (indices: Int32Array, lr: number): void => {
    const { x, labels } = batchOf(dataset.train, indices);
    stepCount++;
    const updated = tf.tidy(() => {
      let correct = 0;
      const loss = (...values: tf.Tensor[]): tf.Scalar => {
        const logits = predict(spec, Object.fromEntries(names.map((name, at) => [name, values[at]])), x);
        correct = read(countCorrect(logits, labels));
        return crossEntropy(logits, labels);
      };
      const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => parameters[name]));
      const clipped = clipGradients(Object.fromEntries(names.map((name, at) => [name, grads[at]])), spec);
      sums = {
        count: sums.count + 1,
        loss: sums.loss + read(value),
        accuracy: sums.accuracy + correct / indices.length,
        gradNorm: sums.gradNorm + read(clipped.norm),
        gradNormClipped: sums.gradNormClipped + read(clipped.normClipped),
        clipFraction: sums.clipFraction + read(clipped.fraction),
      };
      const rate = adamRate(lr, stepCount);
      const update = (name: string): Update =>
        spec.optimizer === 'adam'
          ? adam(parameters[name], clipped.gradients[name], m[name], v[name], rate)
          : sgd(parameters[name], clipped.gradients[name], lr);
      return Object.fromEntries(names.map((name) => [name, { ...update(name) }]));
    });
    tf.dispose([parameters, m, v, x, labels]);
    const collect = (part: keyof Update): Tensors =>
      keep(
        Object.fromEntries(
          names.flatMap((name) => (updated[name][part] ? [[name, updated[name][part]]] : [])),
        ),
      );
    parameters = collect('parameter');
    m = collect('m');
    v = collect('v');
  };

  const drainMetrics = (): StepMetrics => {
    const taken = sums;
    sums = NO_METRICS;
    return taken;
  };

  const evaluate = (split: Split): { loss: number; accuracy: number } => {
    let loss = 0;
    let correct = 0;
    for (let first = 0; first < split.count; first += EVALUATION_BATCH) {
      tf.tidy(() => {
        const length = Math.min(EVALUATION_BATCH, split.count - first);
        const { x, labels } = batchOf(
          split,
          Int32Array.from({ length }, (_, row) => first + row),
        );
        const logits = predict(spec, parameters, x);
        loss += read(crossEntropy(logits, labels)) * length;
        correct += read(countCorrect(logits, labels));
      });
    }
    return { loss: loss / split.count, accuracy: correct / split.count };
  };

  const save = (): TrainingState => {
    const state = new Map<string, NamedArray>();
    const add = (name: string, tensor: tf.Tensor) =>
      state.set(name, { shape: tensor.shape, data: Float32Array.from(tensor.dataSync()) });
    for (const name of names) add(name, parameters[name]);
    for (const name of Object.keys(m)) add(slotName('m', name), m[name]);
    for (const name of Object.keys(v)) add(slotName('v', name), v[name]);
    state.set(STEP, { shape: [1], data: Int32Array.of(stepCount) });
    state.set(METRICS, metricsToArray(sums));
    return state;
  };

  const load = (state: TrainingState): void => {
    const tensorsAt = (stored: (name: string) => string): Tensors =>
      keep(
        Object.fromEntries(
          names.flatMap((name) => {
            const array = state.get(stored(name));
            return array ? [[name, tf.tensor(array.data.slice(), [...array.shape])]] : [];
          }),
        ),
      );
    tf.dispose([parameters, m, v]);
    parameters = tensorsAt((name) => name);
    m = tensorsAt((name) => slotName('m', name));
    v = tensorsAt((name) => slotName('v', name));
    stepCount = state.get(STEP)?.data[0] ?? 0;
    sums = metricsFromArray(state.get(METRICS)?.data ?? [0, 0, 0, 0, 0, 0]);
  };

  return {
    device: 'js: TensorFlow.js in plain JavaScript',
    versions: { tfjs: tf.version.tfjs },
    step,
    drainMetrics,
    evaluate,
    save,
    load,
    dispose: () => tf.dispose([parameters, m, v]),
  };
}

function read(scalar: tf.Scalar): number {
  return scalar.dataSync()[0];
}
