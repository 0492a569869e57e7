/** @file The committed wasm is what the source gives. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../package.js';
import { wasmPath } from './wasm.js';

const has = (tool: string): boolean => spawnSync(tool, ['--version']).status === 0;
const skip =
  has('clang-16') && has('wasm-ld-16')
    ? false
    : 'clang-16 and lld-16 are not installed (Debian: apt install clang-16 lld-16)';

test('the committed step.wasm is what clang-16 makes of the source', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'wnlstm-'));
  try {
    const output = join(directory, 'step.wasm');
    execFileSync(join(packageRoot, 'scripts/build-kernels.sh'), [output]);
    assert.deepEqual(
      readFileSync(wasmPath),
      readFileSync(output),
      'run scripts/build-kernels.sh and commit the result',
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
