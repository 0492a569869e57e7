/** @file The README prints hashes of trained weights; anybody's machine gives them. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FUSED_BACKENDS, UNFUSED } from '../engines/arithmetic.js';
import { loadModule } from '../engines/fused/wasm-module.js';
import { packageRoot } from '../package.js';

const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');

/** The hash that the README prints for a config. */
function printed(config: string): string {
  const [, hash] =
    new RegExp(`\\| \`configs/${config}\\.json\` \\|[^|]*\\| \`([0-9a-f]{64})\` \\|`).exec(readme) ?? [];
  assert.ok(hash, `README.md prints no hash for ${config}.json`);
  return hash;
}

for (const backend of FUSED_BACKENDS) {
  const skip =
    loadModule().arithmetic === UNFUSED ? 'this CPU has no fused multiply-add, and so other bits' : false;
  test(`${backend}: the smoke config trains to the weights whose hash the README prints`, { skip }, () => {
    const runs = mkdtempSync(join(tmpdir(), 'wnlstm-smoke-'));
    try {
      const flags = ['--backend', backend === 'native' ? 'auto' : 'wasm', '--device', 'cpu', '--runs', runs];
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [
          join(packageRoot, 'bin/wnlstm.js'),
          'train',
          '--config',
          join(packageRoot, 'configs/smoke.json'),
          '--json',
          '--quiet',
          ...flags,
        ],
        { encoding: 'utf8' },
      );
      assert.equal(status, 0, stderr);
      assert.equal(JSON.parse(stdout).weights_sha256, printed('smoke'));
    } finally {
      rmSync(runs, { recursive: true });
    }
  });
}

test('the hashes that the README prints for the article are those of the study', () => {
  const { article } = JSON.parse(readFileSync(join(packageRoot, 'docs/study/hashes.json'), 'utf8'));
  const hashOf = (start: string): unknown =>
    Object.entries(article).find(([id]) => id.startsWith(`${start}-s0-`))?.[1];
  assert.deepEqual(['base', 'wn', 'wn-clip'].map(printed), ['base', 'wn', 'wn-clip0.5'].map(hashOf));
});
