// Runs the compiled tests: node scripts/test.mjs [PART OF A NAME ...]. The file list is made here because Node 20 and
// 22 disagree on what `node --test` takes. Names every skipped test at the end.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(dist, { recursive: true })
  .filter(
    (name) =>
      name.endsWith('.test.js') && (wanted.length === 0 || wanted.some((part) => name.includes(part))),
  )
  .map((name) => join(dist, name));

const child = spawn(
  process.execPath,
  ['--test', `--test-concurrency=${availableParallelism()}`, '--test-reporter=tap', ...files],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
let output = '';
child.stdout.on('data', (chunk) => {
  output += chunk;
});
child.on('close', (code) => {
  const lines = output.split('\n');
  const skipped = lines.filter((line) => /^\s*ok .* # SKIP/.test(line));
  if (code !== 0) process.stdout.write(output);
  else
    process.stdout.write(
      `${lines.filter((line) => /^# (tests|pass|fail|skipped|duration)/.test(line)).join('\n')}\n`,
    );
  for (const line of skipped) process.stdout.write(`SKIPPED ${line.trim().replace(/^ok \d+ - /, '')}\n`);
  process.exitCode = code ?? 1;
});
