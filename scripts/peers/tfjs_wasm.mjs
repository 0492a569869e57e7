/** @file TensorFlow.js on its WebAssembly backend, with the model and optimiser of wnlstm's `js` engine. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { crossEntropy, parametersOf, predict } from '../../dist/engines/autodiff/model.js';
import { adam } from '../../dist/engines/autodiff/optimizer.js';
import { adamRate } from '../../dist/model/adam.js';
import { serve } from './worker.mjs';

// The backend is in a separate folder and resolves to the project's copy of tfjs-core.
const require = createRequire(new URL('./.env/tfjs/package.json', import.meta.url));

const prepare = async (_contender, { spec, dataset, parameters: initial }, learningRate) => {
  tf.enableProdMode();
  const { setWasmPaths, version_wasm: version } = require('@tensorflow/tfjs-backend-wasm');
  const folder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  setWasmPaths(join(folder, 'wasm-out/'));
  await tf.setBackend('wasm');
  if (tf.getBackend() !== 'wasm') throw new Error('the wasm backend did not start');

  const { images, labels } = dataset.train;
  const pixels = spec.timeSteps * spec.inputs;
  const names = [...initial.keys()];
  let parameters = names.map((name) => tf.tensor(initial.get(name).data, [...initial.get(name).shape]));
  let moments = parameters.map((parameter) => ({ m: tf.zerosLike(parameter), v: tf.zerosLike(parameter) }));
  let stepCount = 0;

  const batchOf = (indices) => {
    const x = new Float32Array(indices.length * pixels);
    indices.forEach((example, row) => {
      for (let pixel = 0; pixel < pixels; pixel++)
        x[row * pixels + pixel] = images[example * pixels + pixel] / 255;
    });
    const y = Int32Array.from(indices, (example) => labels[example]);
    return { x: tf.tensor3d(x, [indices.length, spec.timeSteps, spec.inputs]), y: tf.tensor1d(y, 'int32') };
  };

  const step = (indices) => {
    const rate = adamRate(learningRate, ++stepCount);
    const { loss, updates } = tf.tidy(() => {
      const { x, y } = batchOf(indices);
      const lossOf = (...values) =>
        crossEntropy(predict(spec, parametersOf(new Map(names.map((name, at) => [name, values[at]]))), x), y);
      const { value, grads } = tf.valueAndGrads(lossOf)(parameters);
      return {
        loss: value,
        updates: parameters.map((parameter, at) => adam(parameter, grads[at], moments[at], rate)),
      };
    });
    tf.dispose([parameters, moments]);
    parameters = updates.map((update) => update.parameter);
    moments = updates.map((update) => update.moments);
    return loss;
  };

  const train = (rows) => {
    const losses = rows.map(step);
    const total = losses.reduce((sum, loss) => sum + loss.dataSync()[0], 0);
    tf.dispose(losses);
    return total / rows.length;
  };
  return { version, train };
};

await serve(prepare);
