/** @file The fused engine by itself, and the constants that TypeScript and C must agree on. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BETA1, BETA2, EPSILON } from '../../model/adam.js';
import { packageRoot } from '../../package.js';
import { ARITHMETIC } from '../arithmetic.js';
import { inputOf, oracleBatch, oracleCases } from '../oracle.testing.js';
import { createFusedEngine } from './engine.js';
import { CLIP_MODES } from './kernel.js';
import { createWasmKernel } from './wasm.js';

const [example] = oracleCases();

test('a state with a missing array, or one of another shape, is refused and changes nothing', async () => {
  const engine = await createFusedEngine(createWasmKernel(), inputOf(example!));
  engine.step(oracleBatch(example!, 1), 0.01);
  const before = engine.save();
  for (const name of before.keys()) {
    const state = new Map(
      [...before].map(([key, { shape, data }]) => [key, { shape, data: data.map(() => 9) }]),
    );
    state.delete(name);
    assert.throws(() => engine.load(state), { code: 'E_CHECKPOINT', message: /got nothing/ }, name);
    state.set(name, { shape: [1, 1], data: Float32Array.of(1) });
    assert.throws(() => engine.load(state), { code: 'E_CHECKPOINT', message: /got \[1, 1\]/ }, name);
    assert.deepEqual(engine.save(), before);
  }
  engine.dispose();
});

/** The value of a constant in a file of the kernel. */
function constantIn(file: string, name: string): number {
  const text = readFileSync(join(packageRoot, 'src/engines/fused/kernel', file), 'utf8');
  const found = new RegExp(`\\b${name} (?:= )?([\\d.e-]+)f?\\b`).exec(text)?.[1];
  assert.ok(found, `${name} in ${file}`);
  return Number(found);
}

test("the kernel's constants are those of TypeScript", () => {
  assert.equal(constantIn('formulas.h', 'BETA1'), BETA1);
  assert.equal(constantIn('formulas.h', 'BETA2'), BETA2);
  assert.equal(constantIn('formulas.h', 'EPSILON'), EPSILON);
  assert.equal(Math.fround(constantIn('formulas.h', 'ONE_MINUS_BETA1')), Math.fround(1 - BETA1));
  assert.equal(Math.fround(constantIn('formulas.h', 'ONE_MINUS_BETA2')), Math.fround(1 - BETA2));
  assert.equal(constantIn('step.c', 'ARITHMETIC'), ARITHMETIC);
  const formulas = readFileSync(join(packageRoot, 'src/engines/fused/kernel/formulas.h'), 'utf8');
  const modes = /enum \{ (CLIP_NONE[^}]*) \}/.exec(formulas)?.[1]?.split(', ');
  assert.deepEqual(modes, [
    'CLIP_NONE',
    ...Object.keys(CLIP_MODES).map((mode) => `CLIP_${mode.toUpperCase().replace('-', '_')}`),
  ]);
});
