/** @file Every kernel that runs on this machine gives the recorded results, to the last bit. */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { CANONICAL, UNFUSED } from '../arithmetic.js';
import { createFusedEngine } from './engine.js';
import { type CreateEngine, findDifferences, goldenCases, quickCases, readGolden } from './golden.js';
import { cpuLevel, createNativeKernel, loadLibrary } from './native.js';
import { prebuiltDirectory, readPrebuilt } from './prebuilt.js';
import { createWasmKernel } from './wasm.js';
import { loadModule, readModule } from './wasm-module.js';

/** The prebuilt libraries for this platform. */
const libraries = readdirSync(prebuiltDirectory).filter((name) =>
  name.startsWith(`${process.platform}-${process.arch}`),
);

test('there are at least 200 recorded cases, each once, for each arithmetic', () => {
  assert.ok(goldenCases.length >= 200);
  assert.equal(quickCases.length, 4);
  const names = goldenCases.map(({ name }) => name).sort();
  assert.equal(new Set(names).size, names.length);
  for (const arithmetic of [CANONICAL, UNFUSED]) {
    assert.deepEqual(Object.keys(readGolden()[arithmetic]!).sort(), names);
  }
});

for (const name of libraries) {
  const library = loadLibrary(readPrebuilt(name).path);
  const level = name.includes('avx512') ? 2 : name.includes('avx2') ? 1 : 0;
  const skip = level > 0 && cpuLevel(library) < level ? `this CPU cannot run ${name}` : false;
  test(`${name} gives the recorded bits on 1, 2, 3, 5, 16 and 64 threads`, { skip }, async () => {
    const kernel = createNativeKernel(library);
    const differing = await findDifferences(
      (input) => createFusedEngine(kernel, input),
      CANONICAL,
      goldenCases,
    );
    assert.deepEqual(differing, []);
  });
}

/** A wasm kernel holds one network. */
function createWith(module?: ReturnType<typeof readModule>): CreateEngine {
  return (input) => createFusedEngine(createWasmKernel(module), input);
}

const { arithmetic } = loadModule();
const skip = arithmetic === UNFUSED ? 'this CPU has no fused multiply-add' : false;
test('fused.wasm gives the bits of the native kernels', { skip }, async () => {
  assert.deepEqual(await findDifferences(createWith(), CANONICAL, goldenCases, 1), []);
});

test('unfused.wasm gives the recorded bits of its own arithmetic', async () => {
  const module = readModule(UNFUSED);
  assert.deepEqual(await findDifferences(createWith(module), UNFUSED, goldenCases, 1), []);
});

test('a result that differs in one bit is detected', async () => {
  const first = goldenCases[0]!;
  const other = { ...first, spec: { ...first.spec, forgetBias: 1 + 2 ** -23 } };
  assert.deepEqual(await findDifferences(createWith(), arithmetic, [other], 1), [first.name]);
});
