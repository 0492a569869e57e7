/** @file Which GPUs a build supports, and reading the targets of a build. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gpuSupport } from './gpu.js';
import { BUILD_INFO, builtFor } from './install/installation.js';

const directory = mkdtempSync(join(tmpdir(), 'wnlstm-gpu-'));
after(() => rmSync(directory, { recursive: true }));

/** From the wheel of TensorFlow 2.21.0. */
const INFO = `build_info = collections.OrderedDict([('cpu_compiler', 'clang'), ('cuda_compute_capabilities', \
['sm_60', 'sm_70', 'sm_80', 'sm_89', 'compute_90']), ('cuda_version', '12.5.1'), ('is_cuda_build', True)])`;

test('machine code supports later GPUs of the same generation, and newer generations need compilation', () => {
  const built = ['sm_60', 'sm_70', 'sm_80', 'sm_89', 'compute_90'];
  const expected = {
    '5.2': 'none',
    '6.1': 'built',
    '7.5': 'built',
    '8.0': 'built',
    '8.6': 'built',
    '9.0': 'compiled',
    '12.0': 'compiled',
  } as const;
  for (const [capability, support] of Object.entries(expected))
    assert.equal(gpuSupport(capability, built), support, capability);
});

test('the targets of a build are read from its file, and null without the file', () => {
  assert.equal(builtFor(directory), null);
  writeFileSync(join(directory, BUILD_INFO), INFO);
  assert.deepEqual(builtFor(directory), ['sm_60', 'sm_70', 'sm_80', 'sm_89', 'compute_90']);
  writeFileSync(join(directory, BUILD_INFO), "build_info = OrderedDict([('is_cuda_build', False)])");
  assert.equal(builtFor(directory), null);
});
