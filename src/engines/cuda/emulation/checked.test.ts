/** @file No thread of the CUDA kernels accesses memory outside of its arrays, or what another thread may write. */

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { goldenCases, goldenHash } from '../../fused/golden.js';
import { createCudaEngine } from '../engine.js';
import { barriers, buildEmulation, type Change, changedSource, skipEmulation } from './build.testing.js';
import {
  ALL_ROWS,
  costOf,
  differences,
  ENTRIES,
  goldenCase,
  openEmulated,
  outcomeInProcess,
  withShared,
} from './golden.testing.js';

const skip = skipEmulation;
const device = skip ? null : await openEmulated(true);
const SMALL = 'wn u13 b5 6x6 value adam t3';

/** By default cases that take long are left out. */
const limit = process.env.WNLSTM_EMULATE_ALL === '1' ? Number.POSITIVE_INFINITY : 1_000_000;

test('no access is out of bounds or a race', { skip }, async () => {
  process.env.EMULATED_ORDER = 'random';
  const cases = goldenCases.filter((item, index) => index % 7 === 0 && costOf(item) < limit);
  assert.ok(cases.length > 20);
  assert.deepEqual(await differences(device!, cases), []);
});

test('nor is any with other rows per block, less shared memory or more units', { skip }, async () => {
  const small = goldenCase(SMALL);
  for (const rows of ALL_ROWS) {
    assert.deepEqual(await differences(withShared(device!, 8 * 1024), [small], rows), []);
    const item = { ...small, name: 'large', spec: { ...small.spec, units: 129, timeSteps: 2, inputs: 2 } };
    await goldenHash((input) => createCudaEngine(device!, input, rows), item);
  }
});

test('a kernel without one of its barriers is detected', { skip }, async () => {
  const library = await buildEmulation({ checked: true });
  assert.equal(await outcomeInProcess(library, SMALL), 'same');
  const places = barriers();
  assert.ok(places.length > 10);
  const undetected = await inPairs(places, async (place) => {
    const outcome = await outcomeInProcess(library, SMALL, { EMULATED_SKIP_BARRIER: place });
    return outcome.includes('race') ? [] : [`${place}: ${outcome}`];
  });
  assert.deepEqual(undetected, []);
});

/** Changes of the source, and what is then detected. The library has all of them; EMULATED_MUTANT turns one on. */
const MUTANTS: readonly (Change & { title: string; detected: RegExp })[] = [
  {
    title: 'a multiply-add that rounds twice',
    file: 'cuda/kernel/network.h',
    from: 'return __builtin_fmaf(a, b, c);',
    to: 'return MUTANT ? a * b + c : __builtin_fmaf(a, b, c);',
    detected: /^differs$/,
  },
  {
    title: 'a sum in another order',
    file: 'cuda/kernel/product.h',
    from: 'for (int k = 0; k < COUNT; k++)\n',
    to: 'for (int i = 0, k = MUTANT ? COUNT - 1 : 0; i < COUNT; i++, k += MUTANT ? -1 : 1)\n',
    detected: /^differs$/,
  },
  {
    title: 'a dot product in another order',
    file: 'cuda/kernel/gradients.h',
    from: 'fma1(dw[r * stride + n], v[r * stride + n], dot)',
    to: 'fma1(dw[(MUTANT ? first + end - 1 - r : r) * stride + n], v[(MUTANT ? first + end - 1 - r : r) * stride + n], dot)',
    detected: /^differs$/,
  },
  {
    title: 'a write beyond the last row',
    file: 'cuda/kernel/gradients.h',
    from: 'if (i < rows && n < N)',
    to: 'if ((MUTANT || i < rows) && n < N)',
    detected: /is outside of|is written twice/,
  },
  {
    title: 'rows beyond the batch that are written',
    file: 'cuda/kernel/backward.h',
    from: 'if (r < rows)',
    to: 'if (MUTANT || r < rows)',
    detected: /is written twice|is outside of/,
  },
  {
    title: 'shared memory that the launch does not have',
    file: 'cuda/kernel/backward.h',
    from: 'CARVE(dh, H * R)',
    to: 'CARVE(dh, (MUTANT ? 2 : 1) * H * R)',
    detected: /no shared memory is left/,
  },
  {
    title: 'neighbours that are not aligned',
    file: 'cuda/kernel/product.h',
    from: 'load_neighbours<4>(o.a + i, a, a_at + i)',
    to: 'load_neighbours<4>(o.a + i, a, a_at + i + (MUTANT ? 1 : 0))',
    detected: /neighbours are not aligned/,
  },
];

test('a changed kernel is detected', { skip }, async () => {
  const changes = MUTANTS.map((mutant, index) => ({
    ...mutant,
    to: mutant.to.replaceAll('MUTANT', `(mutant == ${index})`),
  }));
  const switches = {
    file: 'cuda/emulation/emulate.h',
    from: 'namespace emulation {',
    to: 'static const long mutant = emulation::number_option("EMULATED_MUTANT", -1);\nnamespace emulation {',
  };
  const source = changedSource([...changes, switches]);
  try {
    const library = await buildEmulation({ checked: true, source, output: source, entries: ENTRIES });
    assert.equal(await outcomeInProcess(library, SMALL), 'same');
    const undetected = await inPairs(MUTANTS, async ({ title, detected }) => {
      const mutant = String(MUTANTS.findIndex((other) => other.title === title));
      const outcome = await outcomeInProcess(library, SMALL, { EMULATED_MUTANT: mutant });
      return detected.test(outcome) ? [] : [`${title}: ${outcome}`];
    });
    assert.deepEqual(undetected, []);
  } finally {
    rmSync(source, { recursive: true });
  }
});

/** Handles two items at a time, and returns all results. */
async function inPairs<T>(items: readonly T[], handle: (item: T) => Promise<string[]>): Promise<string[]> {
  const queue = items.values();
  const results: string[] = [];
  const worker = async (): Promise<void> => {
    for (const item of queue) results.push(...(await handle(item)));
  };
  await Promise.all([worker(), worker()]);
  return results.sort();
}
