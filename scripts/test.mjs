// Runs the compiled tests and reports the results: node scripts/test.mjs [--full] [PART ...]. PART selects the files with
// this text in their path. Each file has its own run() call, so that its output and its exit code can be attributed to it on
// Node 20, 22 and 24. WNLSTM_TESTS names a folder of tests other than dist/.
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { report } from './test-report.mjs';

const { values, positionals: parts } = parseArgs({
  options: { full: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const folder = resolve(process.env.WNLSTM_TESTS ?? fileURLToPath(new URL('../dist', import.meta.url)));
const names = readdirSync(folder, { recursive: true })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => /\.test\.m?js$/.test(name))
  .filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)))
  .sort();

const HANGING_MS = 15 * 60_000; // per file; Node 24 waits forever for a promise that never settles
const LINE_EVERY_MS = 10_000;
const { stderr, env } = process;
const rewrites = Boolean(stderr.isTTY) && env.TERM !== 'dumb' && !env.NO_COLOR && !env.CI;
const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;
const counts = { tests: 0, passed: 0, failed: 0, skipped: 0 };
const failures = [];
const skips = [];
let ended = '';
let files = 0;

const showProgress = () => {
  const line = `${files} of ${names.length} files, ${counts.tests} tests, ${counts.failed} failed, ${seconds()}  ${ended}`;
  stderr.write(rewrites ? `\r${line.slice(0, (stderr.columns || 80) - 1)}\x1b[K` : `${line}\n`);
};

const runFile = async (name) => {
  const file = join(folder, name);
  let output = '';
  let tests = 0;
  for await (const { type, data } of run({ files: [file], timeout: HANGING_MS })) {
    // The output of a file shows why it ended early. The runner's own diagnostics are only counts, so leave them out.
    if (type === 'test:stderr') output += data.message;
    if (type === 'test:diagnostic' && !/^[a-z_]+ [\d.]+$/.test(data.message)) output += `${data.message}\n`;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const ofFile = data.name === file; // the process of the file, not a test
    const error = type === 'test:fail' && data.todo === undefined ? data.details.error : null;
    if (error?.failureType === 'subtestsFailed') continue; // the subtests are reported on their own
    if (!ofFile) {
      tests++;
      counts.tests++;
      if (data.skip !== undefined) skips.push({ title: data.name, reason: data.skip });
      counts[error ? 'failed' : data.skip !== undefined ? 'skipped' : 'passed']++;
    } else if (error) counts.failed++;
    if (error) failures.push({ name, file, title: ofFile ? null : data.name, test: data, error, output: '' });
    if (error && ofFile) failures.at(-1).output = output;
  }
  if (tests === 0 && !failures.some((failure) => failure.file === file)) {
    counts.failed++;
    failures.push({ name, file, title: null, test: null, error: { message: 'It has no tests.' }, output });
  }
  ended = name;
  files++;
  if (rewrites) showProgress();
};

if (rewrites) showProgress();
const timer = setInterval(showProgress, rewrites ? 1000 : LINE_EVERY_MS);
const queue = names.values(); // all workers share one iterator, and each takes the next name
const workers = Array.from({ length: availableParallelism() }, async () => {
  for (const name of queue) await runFile(name);
});
await Promise.all(workers);
clearInterval(timer);
if (rewrites) stderr.write('\r\x1b[K');

process.stdout.write(
  report({ folder, failures, skips, full: values.full, brief: Boolean(process.stdout.isTTY) }),
);
const { tests, passed, failed, skipped } = counts;
process.stdout.write(
  `${tests} tests: ${passed} passed, ${failed} failed, ${skipped} skipped, in ${seconds()}\n`,
);
if (tests === 0) process.stdout.write(`No test ran: no file matches ${parts.join(' ') || '*.test.js'}.\n`);
process.exitCode = failed > 0 || tests === 0 ? 1 : 0;
