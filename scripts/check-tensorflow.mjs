/**
 * @file All checks of the tensorflow backend on a machine with a CUDA GPU: installs TensorFlow, runs the tests of the tensorflow backend (parity,
 * resume, leaks, op counts; with cuDNN and with BlockLSTM), trains, and times a step with each recurrence. Prints a JSON
 * report; `ok` is true if every check passed.
 *
 *   npm run build && node scripts/check-tensorflow.mjs [--device cpu] > report.json
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { report, run } from './checks.mjs';

const { device, time } = parseArgs({
  options: { device: { type: 'string', default: 'cuda' }, time: { type: 'string' } },
}).values;

if (device === 'cuda' && !existsSync('/proc/driver/nvidia/version')) {
  process.stderr.write(
    'No NVIDIA driver (/proc/driver/nvidia/version). Use --device cpu to test the script itself.\n',
  );
  process.exit(2);
}

/** Times a step of each model at two sizes with one recurrence; `auto` uses the one that the engine chooses. */
const timeRecurrence = async (recurrence) => {
  const { checkAgreement, timeCase } = await import('../dist/bench/bench.js');
  const { ARTICLE, combine } = await import('../dist/bench/cases.js');
  const shapes = [ARTICLE, { ...ARTICLE, units: 512, batch: 256 }];
  const cases = combine(['tensorflow'], device, ['base', 'wn'], [availableParallelism()], shapes).map(
    (item) => (recurrence === 'auto' ? item : { ...item, recurrence }),
  );
  const difference = await checkAgreement(cases);
  const results = [];
  for (const item of cases) results.push(await timeCase(item, null, 5, new AbortController().signal));
  process.stdout.write(`${JSON.stringify({ difference, results })}\n`);
};

const check = () => {
  const wnlstm = 'bin/wnlstm.js';
  const self = fileURLToPath(import.meta.url);
  const runs = mkdtempSync(join(tmpdir(), 'wnlstm-'));
  const on = ['--backend', 'tensorflow', '--device', device, '--runs', runs];
  const train = ['train', ...on, '--json', '--quiet'];
  const timing = (recurrence) => [self, '--device', device, '--time', recurrence];
  const ranOn = (op) => (result) => result.results.every(({ engine }) => engine.endsWith(op));
  const onGpu = device === 'cuda';
  const steps = [
    run('install TensorFlow', [wnlstm, 'setup', 'tensorflow', `--${device}`]),
    run('doctor', [wnlstm, 'doctor', '--json']),
    run('tests on the device', ['scripts/test.mjs', 'parity', 'tensorflow/'], () => true, {
      WNLSTM_TEST_DEVICE: device,
    }),
    run('smoke config', [wnlstm, ...train, '--config', 'configs/smoke.json']),
    run(
      "one epoch at the article's size",
      [wnlstm, ...train, '--epochs', '1', '--clip', '0.5'],
      (summary) => summary.val_accuracy > 0.9,
    ),
    run(
      'time a step with the chosen recurrence',
      timing('auto'),
      ranOn(onGpu ? 'CudnnRNNV3' : 'BlockLSTMV2'),
    ),
    ...(onGpu ? [run('time a step with cuDNN', timing('cudnn'), ranOn('CudnnRNNV3'))] : []),
    run('time a step with BlockLSTM', timing('block'), ranOn('BlockLSTMV2')),
    run('bench', [wnlstm, 'bench', '--backends', 'tensorflow', '--device', device, '--json']),
  ];
  const [first] = readdirSync(runs);
  const { versions = null, device: engine = null } =
    first === undefined ? {} : JSON.parse(readFileSync(join(runs, first, 'run.json'), 'utf8'));
  rmSync(runs, { recursive: true });
  report(steps, { device, versions, engine });
};

if (time === undefined) check();
else await timeRecurrence(time);
