/** @file Properties of the random numbers. The expected numbers come from a second implementation, in Python. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { logarithm, permutation, type Rng, rng, truncatedNormal } from './rng.js';

function draw(random: Rng, count: number): number[] {
  return Array.from({ length: count }, () => random.uint32());
}

test('the same address gives the same numbers, regardless of earlier draws', () => {
  const expected = draw(rng(7, 'shuffle', 3), 100);
  draw(rng(7, 'shuffle', 2), 5);
  assert.deepEqual(draw(rng(7, 'shuffle', 3), 100), expected);
});

test('two generators with the same address do not affect each other', () => {
  const [one, other] = [rng(1), rng(1)];
  const expected = draw(rng(1), 6);
  assert.deepEqual(
    expected.map(() => [one.uint32(), other.uint32()]),
    expected.map((value) => [value, value]),
  );
});

test('addresses that differ in values, order, types or boundaries give different numbers', () => {
  const addresses: (string | number)[][] = [
    [],
    [0],
    [1],
    ['1'],
    ['1', ''],
    [1, 2],
    [2, 1],
    [12],
    ['1,2'],
    [1, 'shuffle', 2],
    [1, 'initial', 2],
  ];
  const first = addresses.map((address) => draw(rng(...address), 4).join(' '));
  assert.equal(new Set(first).size, addresses.length);
});

test('the numbers of an address are the same on every machine and in every version', () => {
  assert.deepEqual(
    draw(rng(0, 'shuffle', 0), 5),
    [100803622, 1400620667, 1594476772, 1859828904, 3446959646],
  );
  assert.deepEqual(
    draw(rng(4294967295, 'initial', 'lstm/w_x'), 5),
    [1703167444, 3728420386, 4227175221, 1119696310, 3208706356],
  );
  const random = rng(0, 'shuffle', 0);
  assert.deepEqual(
    [random.uniform(), random.uniform(), random.uniform()],
    [0.02347017322560696, 0.37124305541087055, 0.8025578292189285],
  );
  assert.deepEqual([...permutation(rng(0, 'shuffle', 0), 10)], [7, 8, 1, 0, 6, 9, 3, 4, 5, 2]);
  assert.deepEqual(
    [...truncatedNormal(rng(0, 'initial', 'lstm/w_x'), 4, 0.05)],
    [-0.03526107966899872, 0.03748960793018341, 0.0890880599617958, -0.025885479524731636],
  );
});

test('the relative error of the logarithm is below 5e-16, also near 0 and near 1', () => {
  const powers = Array.from({ length: 100 }, (_, at) => 1.3 * 2 ** -(at + 2));
  const nearOne = Array.from({ length: 52 }, (_, at) => 1 - 2 ** -(at + 2));
  const even = Array.from({ length: 4096 }, (_, at) => (at + 0.5) / 4096);
  for (const x of [...powers, ...nearOne, ...even]) {
    assert.ok(Math.abs(logarithm(x) / Math.log(x) - 1) < 5e-16, `log(${x}) = ${logarithm(x)}`);
  }
});

test('the logarithm has the same bits on every machine', () => {
  const values = Float64Array.from({ length: 4096 }, (_, at) => logarithm((at + 0.5) / 4096));
  assert.equal(
    createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex'),
    'd9ceb699aa7c8b97ef17f84db13f7cc1e6625e59122aa2035951eacd07cb1808',
  );
});

test('uniform is in [0, 1) with mean 1/2 and variance 1/12', () => {
  const random = rng('uniform');
  const values = Array.from({ length: 20_000 }, () => random.uniform());
  assert.ok(values.every((value) => value >= 0 && value < 1));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  assert.ok(Math.abs(mean - 1 / 2) < 0.01, `mean ${mean}`);
  assert.ok(Math.abs(variance - 1 / 12) < 0.003, `variance ${variance}`);
});

test('below returns whole numbers in [0, bound), all equally likely', () => {
  const random = rng('below');
  for (const bound of [1, 2, 3, 7, 10, 1000, 2 ** 31 + 1, 2 ** 32]) {
    for (let draws = 0; draws < 200; draws++) {
      const value = random.below(bound);
      assert.ok(Number.isInteger(value) && value >= 0 && value < bound, `${value} below ${bound}`);
    }
  }
  const counts = new Array<number>(7).fill(0);
  for (let draws = 0; draws < 14_000; draws++) counts[random.below(7)]!++;
  assert.ok(
    counts.every((count) => Math.abs(count - 2000) < 200),
    counts.join(' '),
  );
});

test('below is unbiased for a bound that does not divide 2^32', () => {
  const random = rng('bias');
  const bound = 3 * 2 ** 30; // a plain remainder would return the first third twice as often
  const draws = 6000;
  let firstThird = 0;
  for (let draw = 0; draw < draws; draw++) if (random.below(bound) < 2 ** 30) firstThird++;
  assert.ok(Math.abs(firstThird / draws - 1 / 3) < 0.03, `${firstThird / draws}`);
});

test('a permutation contains every index once', () => {
  for (const length of [0, 1, 2, 3, 100, 4321]) {
    const order = permutation(rng('permutation', length), length);
    assert.deepEqual(
      [...order].sort((a, b) => a - b),
      Array.from({ length }, (_, index) => index),
    );
  }
});

test('all permutations of four elements are equally likely', () => {
  const counts = new Map<string, number>();
  for (let pass = 0; pass < 4800; pass++) {
    const order = permutation(rng('orders', pass), 4).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 24);
  for (const [order, count] of counts)
    assert.ok(Math.abs(count - 200) < 75, `${order} occurred ${count} times`);
});

test('a truncated normal lies within two sigma, has mean 0 and a standard deviation of 0.88 sigma', () => {
  const sigma = 0.05;
  const values = truncatedNormal(rng('normal'), 40_000, sigma);
  assert.equal(values.length, 40_000);
  assert.ok(values.every((value) => Math.abs(value) <= 2 * sigma + 1e-9));
  assert.ok(
    values.some((value) => Math.abs(value) > 1.95 * sigma),
    'values near two sigma occur',
  );
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  assert.ok(Math.abs(mean) < 0.02 * sigma, `mean ${mean}`);
  assert.ok(Math.abs(deviation / sigma - 0.8796) < 0.01, `deviation ${deviation / sigma} sigma`);
});

test('a shorter draw is a prefix of a longer one', () => {
  const long = truncatedNormal(rng('length'), 101, 1);
  for (const length of [0, 1, 2, 50]) {
    assert.deepEqual(truncatedNormal(rng('length'), length, 1), long.slice(0, length));
  }
});
