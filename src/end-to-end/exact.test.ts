/** @file docs/guarantees.md lists hashes of trained weights; every machine computes the same ones. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FUSED_BACKENDS, UNFUSED } from '../engines/arithmetic.js';
import { loadModule } from '../engines/fused/wasm-module.js';
import { packageRoot } from '../package.js';

const page = readFileSync(join(packageRoot, 'docs/guarantees.md'), 'utf8');

/** The hash that the page lists for a config. */
function printed(config: string): string {
  const [, hash] =
    new RegExp(`\\| \`configs/${config}\\.json\` \\|[^|]*\\| \`([0-9a-f]{64})\` \\|`).exec(page) ?? [];
  assert.ok(hash, `docs/guarantees.md lists no hash for ${config}.json`);
  return hash;
}

for (const backend of FUSED_BACKENDS) {
  const skip =
    loadModule().arithmetic === UNFUSED ? 'this CPU has no fused multiply-add, and so other bits' : false;
  test(`${backend}: the smoke config trains to the weights whose hash docs/guarantees.md lists`, {
    skip,
  }, () => {
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

test('the hashes that docs/guarantees.md lists for the article are those of the study', () => {
  const { article } = JSON.parse(readFileSync(join(packageRoot, 'docs/study/hashes.json'), 'utf8'));
  const hashOf = (start: string): unknown =>
    Object.entries(article).find(([id]) => id.startsWith(`${start}-s0-`))?.[1];
  assert.deepEqual(['base', 'wn', 'wn-clip'].map(printed), ['base', 'wn', 'wn-clip0.5'].map(hashOf));
});
