/** @file The committed kernels match their source. */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../package.js';
import { prebuiltDirectory } from './prebuilt.js';

const [program = '', ...args] = (process.env.ZIG ?? 'python3 -m ziglang').split(' ');
const hasZig = spawnSync(program, [...args, 'version'], { encoding: 'utf8' }).stdout?.trim() === '0.17.1';
const skip = hasZig ? false : 'zig 0.17.1 is not installed (`pip install ziglang==0.17.1`)';

test('building the source gives the committed kernels, byte for byte', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'wnlstm-'));
  try {
    execFileSync(join(packageRoot, 'scripts/build-kernels.sh'), [directory]);
    assert.deepEqual(readdirSync(directory).sort(), readdirSync(prebuiltDirectory).sort());
    for (const name of readdirSync(directory)) {
      assert.ok(
        readFileSync(join(prebuiltDirectory, name)).equals(readFileSync(join(directory, name))),
        `${name} differs: run scripts/build-kernels.sh and commit the result`,
      );
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});
