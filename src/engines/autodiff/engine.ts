/** @file The engine that differentiates the readable model with TensorFlow.js. It is slow, and the reference for the others. */

import * as tf from '@tensorflow/tfjs';
import type { Split } from '../../data/mnist.js';
import { adamRate } from '../../model/adam.js';
import { parameterShapes } from '../../model/spec.js';
import { type NamedArray, NO_METRICS, type StepMetrics, type TrainingState } from '../../model/state.js';
import {
  arrayIn,
  type Engine,
  type EngineInput,
  type Evaluation,
  initialState,
  METRICS,
  metricsFromArray,
  metricsToArray,
  STEP,
  slotName,
} from '../engine.js';
import { countCorrect, crossEntropy, parametersOf, predict } from './model.js';
import { adam, clipGradients, type Moments, mapTensors, sgd } from './optimizer.js';
import { get, type Tensors } from './tensors.js';

const EVALUATION_BATCH = 500;

/** What a step changes. `moments` is empty under SGD. */
interface Variables {
  readonly parameters: Tensors;
  readonly moments: ReadonlyMap<string, Moments>;
}

/** Makes an engine on the plain JavaScript backend of TensorFlow.js. */
export async function createJsEngine(input: EngineInput): Promise<Engine> {
  const { spec, dataset } = input;
  tf.enableProdMode(); // suppresses the banner
  await tf.setBackend('cpu');
  const shapes = parameterShapes(spec);

  const restore = (state: TrainingState): Variables => {
    const tensor = (name: string, shape: readonly number[]): tf.Tensor =>
      tf.keep(tf.tensor(arrayIn(state, name, shape).data.slice(), [...shape]));
    const entries = Object.entries(shapes);
    return {
      parameters: new Map(entries.map(([name, shape]) => [name, tensor(name, shape)])),
      moments: new Map(
        (spec.optimizer === 'adam' ? entries : []).map(([name, shape]) => [
          name,
          { m: tensor(slotName('m', name), shape), v: tensor(slotName('v', name), shape) },
        ]),
      ),
    };
  };
  let variables = restore(initialState(input));
  let stepCount = 0;
  let sums = NO_METRICS;

  const batchOf = (split: Split, indices: Int32Array): { x: tf.Tensor3D; labels: tf.Tensor1D } => {
    const pixels = spec.timeSteps * spec.inputs;
    const x = new Float32Array(indices.length * pixels);
    for (const [row, example] of indices.entries()) {
      const image = split.images.subarray(example * pixels, (example + 1) * pixels);
      for (const [pixel, value] of image.entries()) x[row * pixels + pixel] = value / 255;
    }
    const labels = Int32Array.from(indices, (example) => split.labels[example] as number);
    return {
      x: tf.tensor3d(x, [indices.length, spec.timeSteps, spec.inputs]),
      labels: tf.tensor1d(labels, 'int32'),
    };
  };

  const step = (indices: Int32Array, lr: number): void => {
    const before = variables;
    stepCount++;
    tf.tidy(() => {
      const { x, labels } = batchOf(dataset.train, indices);
      let correct = 0;
      const names = [...before.parameters.keys()];
      const { value: loss, grads } = tf.valueAndGrads((...values) => {
        const logits = predict(spec, parametersOf(new Map(zip(names, values))), x);
        correct = read(countCorrect(logits, labels));
        return crossEntropy(logits, labels);
      })([...before.parameters.values()]);
      const clipped = clipGradients(new Map(zip(names, grads)), spec);
      sums = {
        count: sums.count + 1,
        loss: sums.loss + read(loss),
        accuracy: sums.accuracy + correct / indices.length,
        gradNorm: sums.gradNorm + read(clipped.norm),
        gradNormClipped: sums.gradNormClipped + read(clipped.normClipped),
        clipFraction: sums.clipFraction + read(clipped.fraction),
      };
      const moments = new Map<string, Moments>();
      const parameters = mapTensors(before.parameters, (parameter, name) => {
        const gradient = get(clipped.gradients, name);
        if (spec.optimizer === 'sgd') return sgd(parameter, gradient, lr);
        const updated = adam(parameter, gradient, get(before.moments, name), adamRate(lr, stepCount));
        moments.set(name, updated.moments);
        return updated.parameter;
      });
      variables = { parameters, moments };
      for (const tensor of tensorsOf(variables)) tf.keep(tensor);
    });
    tf.dispose(tensorsOf(before));
  };

  const drainMetrics = (): StepMetrics => {
    const drained = sums;
    sums = NO_METRICS;
    return drained;
  };

  const evaluate = (split: Split): Evaluation => {
    let loss = 0;
    let correct = 0;
    for (let first = 0; first < split.count; first += EVALUATION_BATCH) {
      tf.tidy(() => {
        const length = Math.min(EVALUATION_BATCH, split.count - first);
        const { x, labels } = batchOf(
          split,
          Int32Array.from({ length }, (_, row) => first + row),
        );
        const logits = predict(spec, parametersOf(variables.parameters), x);
        loss += read(crossEntropy(logits, labels)) * length;
        correct += read(countCorrect(logits, labels));
      });
    }
    return { loss: loss / split.count, accuracy: correct / split.count };
  };

  const save = (): TrainingState => {
    const state = new Map<string, NamedArray>();
    const add = (name: string, tensor: tf.Tensor): void => {
      state.set(name, { shape: tensor.shape, data: Float32Array.from(tensor.dataSync()) });
    };
    for (const [name, parameter] of variables.parameters) add(name, parameter);
    for (const [name, { m }] of variables.moments) add(slotName('m', name), m);
    for (const [name, { v }] of variables.moments) add(slotName('v', name), v);
    state.set(STEP, { shape: [1], data: Int32Array.of(stepCount) });
    state.set(METRICS, metricsToArray(sums));
    return state;
  };

  const load = (state: TrainingState): void => {
    const [savedStep = 0] = arrayIn(state, STEP, [1]).data;
    const loadedSums = metricsFromArray(arrayIn(state, METRICS, [6]).data);
    const loaded = restore(state);
    tf.dispose(tensorsOf(variables));
    variables = loaded;
    stepCount = savedStep;
    sums = loadedSums;
  };

  return {
    device: 'js: TensorFlow.js in plain JavaScript',
    versions: { tfjs: tf.version.tfjs },
    step,
    drainMetrics,
    evaluate,
    save,
    load,
    dispose: () => tf.dispose(tensorsOf(variables)),
  };
}

function tensorsOf({ parameters, moments }: Variables): tf.Tensor[] {
  return [...parameters.values(), ...[...moments.values()].flatMap(({ m, v }) => [m, v])];
}

function zip(names: readonly string[], tensors: readonly tf.Tensor[]): [string, tf.Tensor][] {
  return names.flatMap((name, at) => {
    const tensor = tensors[at];
    return tensor ? [[name, tensor] as [string, tf.Tensor]] : [];
  });
}

function read(scalar: tf.Scalar): number {
  const [value = Number.NaN] = scalar.dataSync();
  return value;
}
