/** @file Each function of the driver fails once: users read a sentence and what to do, or nothing is lost. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DRIVER_FUNCTIONS, type DriverFunction, loadDriver } from './driver.js';
import { outcomeWith } from './driver.testing.js';
import { skipEmulation as skip } from './emulation/build.testing.js';

/** Functions that release something: their errors are ignored, because nothing is left to be lost. */
const RELEASING: readonly DriverFunction[] = [
  ...(['cuMemFree_v2', 'cuMemFreeHost', 'cuStreamDestroy_v2', 'cuEventDestroy_v2'] as const),
  ...(['cuGraphDestroy', 'cuGraphExecDestroy', 'cuDevicePrimaryCtxRelease_v2'] as const),
];

/** Functions that are called only after the failure of another, and that failure. */
const AFTERWARDS: Partial<Record<DriverFunction, string>> = {
  cuGetErrorName: 'cuMemAlloc_v2:1:12345', // a code without a name
  cuGetErrorString: 'cuMemAlloc_v2:1:12345',
  cuMemGetInfo_v2: 'cuMemAlloc_v2:1:2',
  cuDevicePrimaryCtxRelease_v2: 'cuModuleLoadDataEx:1:218',
};

test('whichever function of the driver fails, the error says what failed and what to do', {
  skip,
}, async () => {
  assert.equal(await outcomeWith(''), 'done');
  const names = DRIVER_FUNCTIONS.values();
  const wrong: string[] = [];
  const worker = async (): Promise<void> => {
    for (const name of names) {
      const before = AFTERWARDS[name] ? `${AFTERWARDS[name]},` : '';
      const outcome = await outcomeWith(`${before}${name}:0:719`);
      if (!isExpected(name, outcome)) wrong.push(`${name}: ${outcome}`);
    }
  };
  await Promise.all([worker(), worker()]);
  assert.deepEqual(wrong, []);
});

const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
const glibcVersion = header.glibcVersionRuntime;

test('a library that is not the driver is not called an old driver', {
  skip: glibcVersion === undefined && "it loads glibc's libm.so.6",
}, () => {
  const known = process.env.WNLSTM_LIBCUDA;
  process.env.WNLSTM_LIBCUDA = 'libm.so.6';
  try {
    assert.throws(loadDriver, /^UserError: libm\.so\.6 is not NVIDIA's driver: /);
  } finally {
    if (known === undefined) delete process.env.WNLSTM_LIBCUDA;
    else process.env.WNLSTM_LIBCUDA = known;
  }
});

function isExpected(name: DriverFunction, outcome: string): boolean {
  if (RELEASING.includes(name) && !AFTERWARDS[name]) return outcome === 'done';
  if (name.startsWith('cuGetError'))
    return /refused a call \(cuMemAlloc_v2 reports code 12345\)\. \/ Run/.test(outcome);
  if (name === 'cuDevicePrimaryCtxRelease_v2') return /cuModuleLoadDataEx reports .* \/ Update/.test(outcome);
  return new RegExp(
    `^E_BACKEND The GPU failed or is not available \\(${name} reports .*\\)\\. / A run keeps`,
  ).test(outcome);
}
