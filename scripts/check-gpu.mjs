/**
 * @file All checks for a machine with a CUDA GPU: installs TensorFlow, runs the tests of the tensorflow backend (parity,
 * resume, leaks, op counts; with cuDNN and with BlockLSTM), trains, and times a step with each recurrence. Prints a JSON
 * report; `ok` is true if every check passed.
 *
 *   npm run build && node scripts/check-gpu.mjs [--device cpu] > report.json
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { device, time } = parseArgs({
  options: { device: { type: 'string', default: 'cuda' }, time: { type: 'string' } },
}).values;
const root = fileURLToPath(new URL('..', import.meta.url));

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

/** Runs a check in a child process. A check that prints SKIPPED is not ok. */
const run = (title, args, isExpected = () => true) => {
  process.stderr.write(`${title} ...\n`);
  const started = performance.now();
  const env = { ...process.env, WNLSTM_TEST_DEVICE: device };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const lines = stdout.trim().split('\n');
  const seconds = (performance.now() - started) / 1000;
  let result = null;
  try {
    result = JSON.parse(lines.at(-1));
  } catch {
    // not JSON: the lines are the result
  }
  const ok = status === 0 && !lines.some((line) => line.startsWith('SKIPPED')) && isExpected(result);
  return {
    title,
    ok,
    seconds,
    ...(result ? { result } : { lines: lines.slice(-300) }),
    stderr: stderr.slice(-4000),
  };
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
    run('tests on the device', ['scripts/test.mjs', 'parity', 'tensorflow/']),
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
  const ok = steps.every((step) => step.ok);
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const date = new Date().toISOString();
  const failed = steps.filter((step) => !step.ok).map(({ title }) => title);
  const report = { ok, failed, device, date, machine, versions, engine, steps };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = ok ? 0 : 1;
};

if (time === undefined) check();
else await timeRecurrence(time);
