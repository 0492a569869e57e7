/**
 * @file All checks of the cuda backend on a machine with an NVIDIA GPU: the recorded results in every shape of the kernels,
 * runs with known weights, the time of a step alone and with several runs side by side. Prints a JSON report; `ok` is true
 * if every check passed.
 *
 *   npm run build && node scripts/check-gpu.mjs [--quick] > report.json
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { report, run } from './checks.mjs';

const STEPS = 320;
const ROUNDS = 7;

const { quick, part, lanes } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false }, // for the emulated GPU
    part: { type: 'string' },
    lanes: { type: 'string', default: '1' },
  },
}).values;

if (part === undefined) await check();
else process.stdout.write(`${JSON.stringify(await (part === 'golden' ? computeGolden() : timeLanes()))}\n`);

async function check() {
  try {
    await open();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
  const self = fileURLToPath(import.meta.url);
  const wnlstm = 'bin/wnlstm.js';
  const runs = mkdtempSync(join(tmpdir(), 'wnlstm-'));
  const train = ['train', '--backend', 'cuda', '--runs', runs, '--json', '--quiet'];
  const known = knownWeights();
  const training = (config) =>
    run(
      `train ${config}`,
      [wnlstm, ...train, '--config', `configs/${config}.json`],
      (summary) => summary?.weights_sha256 === known.get(config),
    );
  const timing = (count) => [self, '--part', 'lanes', '--lanes', count, ...(quick ? ['--quick'] : [])];
  const steps = [
    ...(quick ? [] : [run('doctor', [wnlstm, 'doctor', '--json'])]),
    run(
      'recorded results',
      [self, '--part', 'golden', ...(quick ? ['--quick'] : [])],
      (result) => result?.differing.length === 0,
    ),
    ...(quick ? [] : ['smoke', 'base', 'wn', 'wn-clip'].map(training)),
    run('time a step', timing('1')),
    ...(quick ? ['2'] : ['4', '8', '16', '32']).map((count) =>
      run(`time ${count} runs at once`, timing(count)),
    ),
    ...(quick ? [] : [run('compare with the CPU', [wnlstm, 'bench', '--models', 'wn', '--json'])]),
  ];
  rmSync(runs, { recursive: true });
  report(steps, {});
}

/** The SHA-256 of the weights of the configs in configs/, from the table in docs/guarantees.md. */
function knownWeights() {
  const text = readFileSync(new URL('../docs/guarantees.md', import.meta.url), 'utf8');
  const rows = text.matchAll(/^\| `configs\/([\w-]+)\.json` \|.*`([0-9a-f]{64})` \|$/gm);
  return new Map([...rows].map(([, config, hash]) => [config, hash]));
}

/** Computes the recorded cases with every number of rows per block. */
async function computeGolden() {
  const { goldenCases, quickCases, findDifferences } = await import('../dist/engines/fused/golden.js');
  const { CANONICAL } = await import('../dist/engines/arithmetic.js');
  const { createCudaEngine, device } = await open();
  const rows = [1, 2, 4].flatMap((forward) => [1, 2, 4, 8].map((backward) => ({ forward, backward })));
  const cases = quick ? quickCases : goldenCases;
  const differing = [];
  for (const shape of quick ? rows.slice(0, 2) : rows) {
    const names = await findDifferences((input) => createCudaEngine(device, input, shape), CANONICAL, cases);
    differing.push(...names.map((name) => ({ name, ...shape })));
  }
  const { name, computeCapability, cuda, multiprocessors, limits, build } = device;
  return { name, computeCapability, cuda, multiprocessors, limits, build, cases: cases.length, differing };
}

/** Times a step of the article's model, in microseconds per step of one run, for `--lanes` runs side by side. */
async function timeLanes() {
  const { initialParameters } = await import('../dist/model/spec.js');
  const { readDataset } = await import('../dist/data/mnist.js');
  const { batches } = await import('../dist/data/batches.js');
  const { createCudaEngine, device } = await open();
  const dataset = readDataset(null);
  const shape = { units: 100, batch: 64, timeSteps: 28, inputs: 28, classes: 10, forgetBias: 1 };
  const spec = { ...shape, model: 'wn', optimizer: 'adam', clip: 0.5, clipMode: 'norm' };
  const count = Number(lanes);
  const [steps, rounds] = quick ? [32, 1] : [STEPS, ROUNDS];
  const batchAt = batches(0, dataset.train.count, spec.batch);
  const engines = [];
  for (let seed = 0; seed < count; seed++) {
    const parameters = initialParameters(spec, seed, null);
    engines.push(await createCudaEngine(device, { spec, dataset, parameters, threads: 1, lanes: count }));
  }
  const drain = () => Promise.all(engines.map((engine) => engine.drainMetrics()));
  const times = [];
  for (let round = 0; round <= rounds; round++) {
    await drain();
    const started = performance.now();
    for (let step = 1; step <= steps; step++) {
      for (const engine of engines) engine.step(batchAt(step), 0.001);
      if (step % 32 === 0) await yieldToEventLoop();
    }
    await drain();
    times.push(((performance.now() - started) * 1000) / steps / count);
  }
  const [, ...counted] = times; // the first round warms up
  counted.sort((a, b) => a - b);
  const started = performance.now();
  await engines[0].evaluate(dataset.validation);
  const evaluationMs = performance.now() - started;
  const [min, median, max] = [counted[0], counted[counted.length >> 1], counted.at(-1)];
  return { lanes: count, microsecondsPerStep: { median, min, max }, rounds, evaluationMs };
}

async function open() {
  const { openDevice } = await import('../dist/engines/cuda/device.js');
  const { createCudaEngine } = await import('../dist/engines/cuda/engine.js');
  return { createCudaEngine, device: openDevice() };
}
