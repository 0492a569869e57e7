/** @file The TensorFlow part of `wnlstm doctor`, tested with fake libraries. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  BUILD_INFO,
  installationDirectory,
  LIBRARIES,
  type Manifest,
  type Variant,
} from '../tensorflow/install/installation.js';
import { compileFakeLibraries, noFakeLibraries as skip } from '../tensorflow/install/library.testing.js';
import { examineTensorFlow } from '../terminal/examine-tensorflow.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-doctor-'));
after(() => rmSync(root, { recursive: true }));

let caches = 0;

function freshCache(): void {
  process.env.XDG_CACHE_HOME = join(root, String(caches++)); // each test file runs in its own process
}

/** An installation whose libraries load and do nothing. */
function install(variant: Variant): string {
  const directory = installationDirectory('2.99.1', variant);
  compileFakeLibraries(directory, '2.99.1');
  const manifest: Manifest = { format: 1, version: '2.99.1', variant, files: {}, wheels: {} };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
  return directory;
}

function examine() {
  return examineTensorFlow(new AbortController().signal);
}

test('without TensorFlow there is one finding, with the command that installs it', async () => {
  freshCache();
  const findings = await examine();
  assert.deepEqual(findings, [
    {
      name: 'tensorflow',
      ok: false,
      detail: 'not installed (optional).',
      hint: 'Install it with `wnlstm setup tensorflow`.',
    },
  ]);
});

test('an incomplete installation is reported with the missing file and the command that repairs it', {
  skip,
}, async () => {
  freshCache();
  const directory = install('cuda');
  const file = join(directory, LIBRARIES[0]);
  const manifest = {
    format: 1,
    version: '2.99.1',
    variant: 'cuda',
    files: { [LIBRARIES[0]]: 9 },
    wheels: {},
  };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
  truncateSync(file, 3);
  const [finding, ...others] = await examine();
  const { ok, detail, hint } = finding!;
  assert.deepEqual(others, []);
  assert.equal(ok, false);
  assert.ok(detail.startsWith(`2.99.1-cuda is incomplete: ${LIBRARIES[0]} in `), detail);
  assert.match(hint ?? '', /`wnlstm setup tensorflow --cuda --version 2\.99\.1`/);
});

test('without CUDA, no finding reads as if the cuda backend could not use the GPU', { skip }, async () => {
  freshCache();
  install('cpu');
  const findings = await examine();
  assert.ok(findings.every(({ name }) => name !== 'GPU'));
  const { ok, hint } = findings.find(({ name }) => name === 'tensorflow GPU')!;
  assert.equal(ok, false);
  assert.match(hint ?? '', /The cuda backend (needs only the driver|does not need it)\./);
});

test('with CUDA each missing library is reported, and a failing step does not crash the program', {
  skip,
}, async () => {
  freshCache();
  const directory = install('cuda');
  mkdirSync(join(directory, 'nvidia/cudnn/lib'), { recursive: true });
  writeFileSync(join(directory, 'nvidia/cudnn/lib/libcudnn.so.9'), 'no library');
  writeFileSync(join(directory, BUILD_INFO), '');
  const findings = await examine();
  const of = (name: string) => findings.find((finding) => finding.name === name);
  assert.match(of('tensorflow')?.detail ?? '', /^2\.99\.1-cuda, 0 MB, .*2\.99\.1-cuda$/);
  assert.match(
    of('CUDA libraries')?.detail ?? '',
    /some libraries do not load: .*libcublas\.so\.12: .*libcudnn\.so\.9: /,
  );
  assert.match(of('CUDA libraries')?.hint ?? '', /setup --remove 2\.99\.1-cuda.*setup tensorflow --cuda/);
  assert.equal(of('tensorflow on cpu')?.ok, false);
  assert.match(of('tensorflow on cpu')?.detail ?? '', /^A training step on cpu failed: /);
  assert.match(of('tensorflow on GPUs')?.detail ?? '', /has not been tested on a GPU yet/);
});
