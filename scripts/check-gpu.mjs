/**
 * @file Everything that is to be checked on a machine with a CUDA GPU, in one go: sets TensorFlow up, runs the tests of
 * the tensorflow backend on the GPU, trains the smoke config there and times a step. Prints one JSON report.
 *
 *   npm run build && node scripts/check-gpu.mjs [--device cpu] > report.json
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { device } = parseArgs({ options: { device: { type: 'string', default: 'cuda' } } }).values;
const root = fileURLToPath(new URL('..', import.meta.url));
// Full float32 products: on these GPUs the default keeps ten bits of a factor.
const env = { ...process.env, WNLSTM_TEST_DEVICE: device, NVIDIA_TF32_OVERRIDE: '0' };

const run = (title, args) => {
  process.stderr.write(`${title} ...\n`);
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  const lines = stdout.trim().split('\n');
  const ok = status === 0 && !lines.some((line) => line.startsWith('SKIPPED')); // a check that did not run is none
  return {
    title,
    ok,
    seconds: (performance.now() - started) / 1000,
    lines: lines.slice(-200),
    stderr: stderr.slice(-4000),
  };
};

const wnlstm = 'bin/wnlstm.js';
const runs = mkdtempSync(join(tmpdir(), 'wnlstm-'));
const training = [
  'train',
  '--backend',
  'tensorflow',
  '--device',
  device,
  '--runs',
  runs,
  '--json',
  '--quiet',
];
const steps = [
  run('set TensorFlow up', [wnlstm, 'setup', 'tensorflow', `--${device}`]),
  run('doctor', [wnlstm, 'doctor', '--json']),
  run('tests on the device', ['scripts/test.mjs', 'parity', 'tensorflow']),
  run('smoke config', [wnlstm, ...training, '--config', 'configs/smoke.json']),
  run("one epoch at the article's size", [wnlstm, ...training, '--epochs', '1', '--clip', '0.5']),
];
const ok = steps.every((step) => step.ok);
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
process.stdout.write(
  `${JSON.stringify({ ok, device, date: new Date().toISOString(), machine, steps }, null, 2)}\n`,
);
process.exitCode = ok ? 0 : 1;
