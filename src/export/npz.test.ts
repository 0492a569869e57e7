/** @file NumPy's files: their header, and that NumPy reads the weights of a run. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { foundRun, scratch, trained } from './exported.testing.js';
import { npyBytes, npzBytes } from './npz.js';
import { lacks, python } from './readers.testing.js';
import { readWeights } from './weights.js';

test('an array has the header of NumPy, and its data start at a multiple of 64', () => {
  for (const [shape, written] of [
    [[2, 3], '(2, 3)'],
    [[6], '(6,)'],
    [Array(20).fill(1), `(${Array(20).fill('1').join(', ')})`],
  ] as const) {
    const file = Buffer.from(npyBytes({ shape, data: Float32Array.of(1, 2, 3, 4, 5, 6) }));
    assert.equal(file.subarray(0, 8).toString('latin1'), '\x93NUMPY\x01\x00');
    const start = 10 + file.readUInt16LE(8);
    assert.equal(start % 64, 0);
    assert.equal(
      file.toString('latin1', 10, start).replace(/ +\n$/, '\n'),
      `{'descr': '<f4', 'fortran_order': False, 'shape': ${written}, }\n`,
    );
    assert.equal(file.length, start + 24);
    assert.equal(file.readFloatLE(start + 20), 6);
  }
});

test('equal weights give equal files, at any time and in any time zone', () => {
  const script = `const { npzBytes } = await import(${JSON.stringify(new URL('npz.js', import.meta.url).href)});
    process.stdout.write(npzBytes(new Map([['lstm/b', { shape: [2], data: Float32Array.of(1, 2) }]])));`;
  const [here, there] = ['UTC', 'Asia/Tokyo'].map((TZ) =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, TZ } }),
  ) as [Buffer, Buffer];
  assert.ok(here.length > 100);
  assert.deepEqual(here, there);
  assert.equal(here.readUInt16LE(12), 0x21, 'the date of the entry is 1 January 1980');
});

test('numpy.load gives float32 arrays whose hash is in summary.json', { skip: lacks('numpy') }, async () => {
  const run = foundRun(await trained());
  const path = join(mkdtempSync(join(scratch, 'npz-')), 'weights.npz');
  writeFileSync(path, npzBytes(readWeights(run)));
  const found = python(
    `import hashlib, json, numpy, sys
weights = numpy.load(sys.argv[1])
names = ["lstm/w_x", "lstm/g_x", "lstm/w_h", "lstm/g_h", "lstm/b", "pred/w", "pred/b"]
print(json.dumps({
  "sha256": hashlib.sha256(b"".join(weights[name].tobytes() for name in names)).hexdigest(),
  "arrays": {name: [str(weights[name].dtype), list(weights[name].shape)] for name in weights.files},
}))`,
    path,
  );
  assert.deepEqual(found, {
    sha256: run.summary!.weights_sha256,
    arrays: {
      'lstm/w_x': ['float32', [8, 24]],
      'lstm/g_x': ['float32', [24]],
      'lstm/w_h': ['float32', [6, 24]],
      'lstm/g_h': ['float32', [24]],
      'lstm/b': ['float32', [24]],
      'pred/w': ['float32', [6, 4]],
      'pred/b': ['float32', [4]],
    },
  });
});
