/** @file Which kernel is used, and that damaged or foreign files are refused. Each test runs child processes. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeTinyDataset } from '../../data/idx.testing.js';
import { packageRoot } from '../../package.js';
import { unavailable } from '../oracle.testing.js';
import { prebuiltDirectory } from './prebuilt.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-kernels-'));
after(() => rmSync(scratch, { recursive: true }));
const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 40, test: 20, classes: 4 });
const skip = await unavailable('native');

let runs = 0;

/** Trains a tiny run; returns its exit status, its stderr and its record. */
function train(
  flags: readonly string[],
  {
    root = packageRoot,
    kernel = '',
    node = [],
    preload = '',
  }: { root?: string; kernel?: string; node?: string[]; preload?: string } = {},
): { status: number | null; stderr: string; record: Record<string, string>; weights: string } {
  const folder = join(scratch, `runs-${runs++}`);
  const small = ['--data', data, '--units', '4', '--batch', '8', '--steps', '3'];
  const { status, stderr } = spawnSync(
    process.execPath,
    [...node, join(root, 'bin/wnlstm.js'), 'train', '--runs', folder, ...small, ...flags],
    { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', WNLSTM_KERNEL: kernel, LD_PRELOAD: preload } },
  );
  const [run] = existsSync(folder) ? readdirSync(folder) : [];
  const read = (name: string) => (run ? JSON.parse(readFileSync(join(folder, run, name), 'utf8')) : {});
  return { status, stderr, record: read('run.json'), weights: read('summary.json').weights_sha256 };
}

/** A copy of the package whose kernels a test can change. */
function copyPackage(): { root: string; prebuilt: string } {
  const root = mkdtempSync(join(scratch, 'package-'));
  const prebuilt = join(root, 'src/engines/fused/prebuilt');
  for (const name of ['bin', 'dist', 'package.json', 'configs'])
    cpSync(join(packageRoot, name), join(root, name), { recursive: true });
  mkdirSync(join(root, 'src/engines/fused'), { recursive: true });
  cpSync(prebuiltDirectory, prebuilt, { recursive: true });
  cpSync(join(prebuiltDirectory, '../golden.json'), join(prebuilt, '../golden.json'));
  symlinkSync(join(packageRoot, 'node_modules'), join(root, 'node_modules'));
  return { root, prebuilt };
}

/** Changes every library for this platform. */
function changeLibraries(prebuilt: string, change: (bytes: Buffer) => Buffer | null): void {
  const own = readdirSync(prebuilt).filter((name) => name.startsWith(`${process.platform}-${process.arch}`));
  for (const path of own.map((name) => join(prebuilt, name))) {
    const bytes = change(readFileSync(path));
    rmSync(path);
    if (bytes) writeFileSync(path, bytes);
  }
}

function flipBit(bytes: Buffer): Buffer {
  bytes[bytes.length >> 1]! ^= 1;
  return bytes;
}

for (const [how, change, reason] of [
  ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2), /is damaged/],
  ['changed in one bit', flipBit, /is damaged/],
  ['missing', () => null, /There is no prebuilt kernel/],
] as const) {
  test(`a library that is ${how} is never loaded: native is an error, auto uses wasm and gives the reason`, {
    skip,
  }, () => {
    const { root, prebuilt } = copyPackage();
    changeLibraries(prebuilt, change);
    const asked = train(['--backend', 'native'], { root });
    assert.equal(asked.status, 2, asked.stderr);
    assert.match(asked.stderr, reason);
    const auto = train([], { root });
    assert.equal(auto.status, 0, auto.stderr);
    assert.match(auto.stderr, /wasm simd.*auto: no native kernel: /);
    assert.equal(auto.record.arithmetic, 'wnlstm-1');
  });
}

test('a kernel whose results differ from the recorded ones is not used, and auto uses wasm', { skip }, () => {
  const { root, prebuilt } = copyPackage();
  const golden = join(prebuilt, '../golden.json');
  writeFileSync(golden, readFileSync(golden, 'utf8').replace(/("wn u33 b5 28x28 norm adam t1": ")./, '$1x'));
  const { status, stderr, record } = train([], { root });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /differ from the recorded ones in 1 of 4 test cases/);
  assert.equal(record.backend, 'wasm');
});

test('WNLSTM_KERNEL sets the kernel, and run.json records it', { skip }, () => {
  const [name] = readdirSync(prebuiltDirectory).filter((file) =>
    file.startsWith(`${process.platform}-${process.arch}`),
  );
  const { status, stderr, record } = train(['--backend', 'native'], {
    kernel: join(prebuiltDirectory, name!),
  });
  assert.equal(status, 0, stderr);
  assert.match(record.kernel!, new RegExp(`^${name} [0-9a-f]{12}$`));
});

test('a WNLSTM_KERNEL that is missing, truncated, for another machine or not a library gives one error', () => {
  const bytes = readFileSync(join(prebuiltDirectory, 'linux-x64-avx2.so'));
  const files: Record<string, Buffer> = {
    'short.so': bytes.subarray(0, bytes.length / 2),
    'text.so': Buffer.from('no library'),
    'foreign.so': readFileSync(
      join(prebuiltDirectory, process.arch === 'x64' ? 'linux-arm64.so' : 'linux-x64-avx2.so'),
    ),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(scratch, name), content);
  for (const name of [...Object.keys(files), 'missing.so']) {
    const { status, stderr } = train(['--backend', 'native'], { kernel: join(scratch, name) });
    assert.equal(status, 2, `${name}: ${stderr}`);
    assert.match(stderr, /^error Cannot use WNLSTM_KERNEL=.*: .*[^.]\.\nhint .*\n$/, name);
  }
});

const compiler = process.env.CC || 'cc';
const noCompiler = spawnSync(compiler, ['--version']).status !== 0 ? 'needs a C compiler' : skip;
const FLAGS = ['-std=gnu11', '-O2', '-shared', '-pthread', '-fPIC', '-fno-math-errno', '-ffp-contract=off'];
const march = process.arch === 'arm64' ? [] : ['-march=native'];

test('a kernel built with any compiler gives the recorded results', { skip: noCompiler }, () => {
  const library = join(scratch, 'own.so');
  const source = join(packageRoot, 'src/engines/fused/kernel/step.c');
  const { status, stderr } = spawnSync(compiler, [...FLAGS, ...march, source, '-o', library, '-lm']);
  assert.equal(status, 0, String(stderr));
  const run = train(['--backend', 'native'], { kernel: library });
  assert.equal(run.status, 0, run.stderr);
  assert.match(run.record.kernel!, /^own\.so /);
});

test('a kernel of another arithmetic, or with different results, is refused', {
  skip: noCompiler,
}, () => {
  const kernel = join(packageRoot, 'src/engines/fused/kernel');
  for (const [file, from, to, reason] of [
    [
      'step.c',
      'enum { ARITHMETIC = 1 }',
      'enum { ARITHMETIC = 0 }',
      /Expected a kernel of arithmetic 1, got 0/,
    ],
    ['math.h', '8.366644382476807e-3f', '8.366644382476808e-2f', /its results differ from the recorded ones/],
  ] as const) {
    const folder = mkdtempSync(join(scratch, 'source-'));
    cpSync(kernel, folder, { recursive: true });
    const text = readFileSync(join(folder, file), 'utf8');
    assert.ok(text.includes(from));
    writeFileSync(join(folder, file), text.replace(from, to));
    const library = join(folder, 'own.so');
    spawnSync(compiler, [...FLAGS, ...march, join(folder, 'step.c'), '-o', library, '-lm']);
    const { status, stderr } = train(['--backend', 'native'], { kernel: library });
    assert.equal(status, 2, stderr);
    assert.match(stderr, reason);
  }
});

test('if the system refuses some threads, a run uses fewer and gives the same results', {
  skip: noCompiler || (process.platform === 'linux' ? false : 'needs LD_PRELOAD'),
}, () => {
  const source = join(scratch, 'few.c');
  const library = join(scratch, 'few.so');
  // Refuses threads of the kernel with an index above 1 (struct worker in kernel/threads.h) but none of Node's, and aborts
  // if a thread that was not started is joined.
  writeFileSync(
    source,
    `#define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <pthread.h>
    #include <stdlib.h>
    #include <string.h>
    int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *argument) {
      struct { void *thread, *net; int index; } *worker = argument;
      Dl_info info;
      if (dladdr((void *)run, &info) && strstr(info.dli_fname, "prebuilt/") && worker->index > 1) return EAGAIN;
      int (*real)() = dlsym(RTLD_NEXT, "pthread_create");
      return real(t, a, run, argument);
    }
    int pthread_join(pthread_t t, void **result) {
      int (*real)() = dlsym(RTLD_NEXT, "pthread_join");
      if (!t) abort();
      return real(t, result);
    }`,
  );
  const compiled = spawnSync(compiler, ['-shared', '-fPIC', '-w', source, '-o', library, '-ldl']);
  assert.equal(compiled.status, 0, String(compiled.stderr));
  const flags = ['--backend', 'native', '--threads', '7', '--json'];
  const [few, all] = [{ preload: library }, {}].map((options) => train(flags, options));
  assert.equal(few!.status, 0, few!.stderr);
  assert.match(few!.record.device!, /, 2 threads$/);
  assert.match(all!.record.device!, /, 7 threads$/);
  assert.equal(few!.weights, all!.weights);
});

test('without fused multiply-adds, wasm uses and reports another arithmetic', {
  skip: process.arch === 'x64' ? false : 'needs a switch that V8 has on x86-64',
}, () => {
  const plain = train(['--backend', 'wasm'], { node: ['--no-enable-fma3'] });
  assert.equal(plain.status, 0, plain.stderr);
  assert.match(plain.stderr, /no fused multiply-add/);
  assert.equal(plain.record.arithmetic, 'wnlstm-1-unfused');
  const fused = train(['--backend', 'wasm']);
  assert.doesNotMatch(fused.stderr, /multiply-add/);
  assert.notEqual(fused.record.fingerprint, plain.record.fingerprint);
});

test('without WebAssembly SIMD, wasm gives one error', {
  skip: process.arch === 'x64' ? false : 'needs a switch that V8 has on x86-64',
}, () => {
  const { status, stderr } = train(['--backend', 'wasm'], { node: ['--no-enable-sse4-1'] });
  assert.equal(status, 2, stderr);
  assert.match(stderr, /^error The wasm backend needs WebAssembly SIMD.*\nhint .*--backend js/);
});
