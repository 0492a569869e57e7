/** @file The Python code of docs/export.md reads what the commands beside it write. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { bin, environment } from '../end-to-end/cli.testing.js';
import { argumentsOf, shellLines } from '../end-to-end/documents.testing.js';
import { packageRoot } from '../package.js';
import { scratch, trained, trainedSweep } from './exported.testing.js';
import { lacks, python } from './readers.testing.js';

const DOCUMENT = 'docs/export.md';
const skip = lacks('numpy', 'pandas', 'onnxruntime');

test('every block of Python in docs/export.md runs after the commands of the page', { skip }, async () => {
  const folder = mkdtempSync(join(scratch, 'documents-'));
  mkdirSync(join(folder, 'runs'));
  const run = await trained({ clip: 0.5 });
  cpSync(run, join(folder, 'runs', basename(run)), { recursive: true });
  cpSync(await trainedSweep('article'), join(folder, 'runs/article'), { recursive: true });
  for (const { text } of shellLines(DOCUMENT)) {
    const args = argumentsOf(text.replace(/wn-clip0\.5-s0-[0-9a-f]{8}/, basename(run)));
    const { status, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, env: environment });
    assert.equal(status, 0, `${text}\n${stderr}`);
  }
  const blocks = [...readFileSync(join(packageRoot, DOCUMENT), 'utf8').matchAll(/^```python\n(.*?)^```$/gms)];
  assert.equal(blocks.length, 3);
  const code = blocks
    .map(([, block]) => block)
    .join('\n')
    .replaceAll('28, 28', '8, 8');
  const script = `import contextlib, io, json, os, sys
os.chdir(sys.argv[1])
names = {}
with contextlib.redirect_stdout(io.StringIO()):
  exec(sys.argv[2], names)
print(json.dumps([list(names["probabilities"].shape), sorted(names["weights"].files), len(names["validation"])]))`;
  const [shape, arrays, rows] = python(script, folder, code) as [number[], string[], number];
  assert.deepEqual(shape, [1, 4]);
  assert.equal(arrays.length, 7);
  assert.equal(rows, 8); // two arms, two seeds, two epochs
});
