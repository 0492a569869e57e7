/** @file Shared by the JavaScript workers: reading the case, and the protocol with bench.mjs. See worker.py. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { readDataset } from '../../dist/data/mnist.js';
import { initialParameters } from '../../dist/model/spec.js';

const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/**
 * Answers bench.mjs until stdin is closed.
 *
 * @param prepare called with the contender's name and the input of an engine; returns the version to report, and a
 *   function that trains on batches of example indices and returns their mean loss
 */
export const serve = async (prepare) => {
  const [path, contender, threads] = process.argv.slice(2);
  const { spec, seed, learningRate, order } = JSON.parse(readFileSync(path, 'utf8'));
  const bytes = readFileSync(order);
  const indices = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const batches = indices.length / spec.batch;
  let done = 0;
  try {
    const dataset = readDataset(null);
    const parameters = initialParameters(spec, seed, null);
    const input = { spec, dataset, parameters, threads: Number(threads) };
    const { version, train } = await prepare(contender, input, learningRate);
    send({ ready: true, version });
    for await (const line of createInterface({ input: process.stdin })) {
      const { steps } = JSON.parse(line);
      const rows = Array.from({ length: steps }, () => {
        const row = done++ % batches;
        return indices.subarray(row * spec.batch, (row + 1) * spec.batch);
      });
      const start = performance.now();
      const loss = await train(rows);
      send({ ms: (performance.now() - start) / steps, loss });
    }
  } catch (error) {
    send({ error: error.message });
  }
  process.exit(); // an engine's threads may still be waiting for work
};
