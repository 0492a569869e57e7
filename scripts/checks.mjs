/** @file Checks in child processes, and their report as JSON: what check-gpu.mjs and check-tensorflow.mjs have in common. */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs a check: Node with these arguments, in the root of the clone. Its result is its last line of output as JSON, or its
 * lines. A check that prints SKIPPED is not ok.
 *
 * @param {string} title
 * @param {string[]} args
 * @param {(result: any) => boolean} isExpected
 * @param {NodeJS.ProcessEnv} environment
 */
export function run(title, args, isExpected = () => true, environment = {}) {
  process.stderr.write(`${title} ...\n`);
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...environment },
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
  const isSkipped = lines.some((line) => line.startsWith('SKIPPED'));
  const ok = status === 0 && !isSkipped && isExpected(result);
  const output = result ? { result } : { lines: lines.slice(-300) };
  return { title, ok, seconds, ...output, stderr: stderr.slice(-4000) };
}

/** Prints the report of all checks, and sets the exit code. */
export function report(steps, more) {
  const ok = steps.every((step) => step.ok);
  const failed = steps.filter((step) => !step.ok).map(({ title }) => title);
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const date = new Date().toISOString();
  process.stdout.write(`${JSON.stringify({ ok, failed, date, machine, ...more, steps }, null, 2)}\n`);
  process.exitCode = ok ? 0 : 1;
}
