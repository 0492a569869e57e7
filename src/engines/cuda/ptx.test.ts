/** @file The compiled CUDA kernels: each operation rounds as IEEE 754 defines, and every GPU from sm_75 on can run them. */

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { packageRoot } from '../../package.js';
import { readPrebuilt } from '../fused/prebuilt.js';

const { path, bytes } = readPrebuilt('cuda.ptx');
const ptx = Buffer.from(bytes).toString();
const instructions = [...ptx.matchAll(/^\s+(?:@!?%p\d+\s+)?([a-z][a-z0-9_.]*)/gm)].map(
  ([, name = '']) => name,
);

test('every floating-point operation is exact or rounded to nearest, and subnormal numbers are kept', () => {
  const allowed = [
    /^(add|sub|mul|div|rcp|sqrt|fma)\.rn\.f(32|64)$/,
    /^(neg|abs|selp)\.f(32|64)$/,
    /^setp\.[a-z]+\.f(32|64)$/,
    /^cvt\.f64\.f32$/,
    /^cvt\.rn\.f(32|64)\.[a-z]+\d+$/,
  ];
  const floating = instructions.filter((name) => /\.f(16|32|64)/.test(name));
  assert.ok(floating.length > 1000);
  const others = floating.filter((name) => !allowed.some((pattern) => pattern.test(name)));
  assert.deepEqual([...new Set(others)], []);
});

test('the kernels call no functions, have no local memory, and use nothing newer than sm_75 and PTX 6.3', () => {
  assert.deepEqual(
    instructions.filter((name) => name === 'call' || name.includes('.local')),
    [],
  );
  assert.doesNotMatch(ptx, /\.local\b|\.func\b|\.extern \.func/);
  assert.match(ptx, /^\.version 6\.3$/m);
  assert.match(ptx, /^\.target sm_75$/m);
});

test('the kernels are those of the source, with its limits of threads', () => {
  const source = readFileSync(join(packageRoot, 'src/engines/cuda/kernel/kernels.cu'), 'utf8');
  const declared = [...source.matchAll(/^KERNEL\((\d+)\) (\w+)\(/gm)].map(([, threads, name]) => [
    name,
    threads,
  ]);
  const compiled = [...ptx.matchAll(/^\.visible \.entry (\w+)\([^)]*\)\s*\.maxntid (\d+), 1, 1/gm)];
  assert.deepEqual(
    Object.fromEntries(compiled.map(([, name, threads]) => [name, threads])),
    Object.fromEntries(declared),
  );
  assert.equal(ptx.match(/\.entry /g)?.length, declared.length);
});

const ptxas = process.env.PTXAS || 'ptxas';
const version = spawnSync(ptxas, ['--version'], { encoding: 'utf8' }).stdout ?? '';
const release = Number(/release (\d+\.\d+)/.exec(version)?.[1]);
const skip =
  release >= 12.8
    ? false
    : 'ptxas 12.8 or newer is not installed (`pip install nvidia-cuda-nvcc-cu12`, or set PTXAS)';

for (const architecture of [75, 80, 86, 89, 90, 100, 120]) {
  test(`the kernels fit into registers and shared memory of sm_${architecture}`, { skip }, async () => {
    const options = ['-v', `-arch=sm_${architecture}`, path, '-o', '/dev/null'];
    const { stderr } = await promisify(execFile)(ptxas, options);
    const frames = stderr.match(/\d+ bytes stack frame.*/g) ?? [];
    assert.equal(frames.length, ptx.match(/\.entry /g)?.length);
    for (const frame of frames)
      assert.equal(frame, '0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads');
    for (const [, shared] of stderr.matchAll(/(\d+) bytes smem/g)) assert.ok(Number(shared) <= 48 * 1024);
    assert.doesNotMatch(stderr, /warning/i);
  });
}
