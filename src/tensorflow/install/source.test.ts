/** @file What `--from` accepts, and its errors. */

import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.js';
import type { InstallRequest } from './install.js';
import { assertNothing, CUBLAS, fails, fresh, NAMES, root, setUp } from './install.testing.js';
import { installationDirectory, installationsDirectory, LIBRARIES } from './installation.js';
import { writeWheel } from './wheel.testing.js';

const [framework, main] = LIBRARIES;

test('--from accepts a wheel or a folder of wheels, without pip', async () => {
  const index = fresh();
  process.env.PATH = join(root, 'nowhere');
  await setUp({ variant: 'cpu', version: null, from: join(index, NAMES.cpu) });
  await setUp({ variant: 'cuda', version: null, from: index });
  assert.deepEqual(readdirSync(installationsDirectory()).sort(), ['2.20.0-cpu', '2.20.0-cuda']);
  assert.ok(existsSync(join(index, NAMES.cpu)), "the user's wheels are kept");
  rmSync(join(index, CUBLAS));
  rmSync(installationDirectory('2.20.0', 'cuda'), { recursive: true });
  await assert.rejects(
    setUp({ variant: 'cuda', from: index }),
    fails(
      'E_DATA',
      /CUDA wheels in the folder of .*has no nvidia-cublas-cu12\.$/,
      /pip download .*'nvidia-cublas-cu12<13\.0,>=12\.5'/,
    ),
  );
});

test('--from links the libraries of an installed TensorFlow without copying them', async () => {
  const index = fresh();
  const installed = join(index, 'site-packages/tensorflow');
  mkdirSync(join(index, 'site-packages/nvidia/cublas/lib'), { recursive: true });
  mkdirSync(installed);
  writeFileSync(join(installed, framework), `… nvidia/cublas/lib …`);
  writeFileSync(join(installed, main), 'main');
  writeFileSync(join(index, 'site-packages/nvidia/cublas/lib/libcublas.so.12'), 'cublas');
  writeFileSync(join(index, 'installed'), `${installed}\n`);
  for (const [from, variant] of [
    [installed, 'cpu'],
    ['pip', 'cuda'],
  ] as const) {
    const { directory, manifest } = (await setUp({ variant, version: null, from })).installation;
    assert.equal(statSync(join(directory, main)).ino, statSync(join(installed, main)).ino);
    assert.equal(
      lstatSync(join(directory, main)).isSymbolicLink(),
      false,
      'a hard link survives `pip uninstall`',
    );
    assert.equal(existsSync(join(directory, 'nvidia/cublas/lib/libcublas.so.12')), true);
    assert.deepEqual(manifest.wheels, {});
  }
  await assert.rejects(
    setUp({ variant: 'cpu', version: '2.21.0', from: 'pip' }),
    fails('E_DATA', /Expected TensorFlow 2\.21\.0, got 2\.20\.0/, /--version/),
  );
  writeFileSync(join(installed, framework), 'built without');
  await assert.rejects(
    setUp({ variant: 'cuda', from: 'pip' }),
    fails('E_DATA', /Expected TensorFlow with CUDA/, /--cpu/),
  );
  rmSync(join(installed, main));
  await assert.rejects(
    setUp({ variant: 'cpu', from: 'pip' }),
    fails('E_DATA', /Expected libtensorflow_cc\.so\.2 in /, /--from/),
  );
});

test('an unsuitable --from is an error that names what is expected', async () => {
  const index = fresh();
  const empty = mkdtempSync(join(root, 'empty-'));
  const windows = mkdtempSync(join(root, 'windows-'));
  const file = (name: string): string => {
    writeFileSync(join(windows, name), '');
    return join(windows, name);
  };
  const cases: [Partial<InstallRequest>, ErrorCode, RegExp, RegExp][] = [
    [{ from: join(root, 'absent') }, 'E_IO', /no such file/, /path/],
    [{ from: empty }, 'E_DATA', /libtensorflow_framework\.so\.2 and .* found neither/, /site-packages/],
    [{ from: file('x.tar.gz') }, 'E_DATA', /expected a wheel \(\.whl\) or a folder/, /file name/],
    [
      { from: file('numpy-2.0.0-cp312-cp312-manylinux_2_27_x86_64.whl') },
      'E_DATA',
      /a wheel of tensorflow-cpu or/,
      /a wheel of TensorFlow/,
    ],
    [
      { from: file('tensorflow_cpu-2.20.0-cp312-cp312-win_amd64.whl') },
      'E_DATA',
      /for Linux on x86-64, got tensorflow_cpu/,
      /manylinux/,
    ],
    [{ from: windows }, 'E_DATA', /for Linux on x86-64, got tensorflow_cpu/, /manylinux/],
    [
      { from: join(index, NAMES.cpu), version: '2.21.0' },
      'E_DATA',
      /Expected TensorFlow 2\.21\.0, got 2\.20\.0/,
      /--version 2\.20\.0/,
    ],
    [
      { from: join(index, NAMES.cpu), variant: 'cuda' },
      'E_DATA',
      /a wheel of tensorflow for the cuda variant/,
      /--cpu/,
    ],
    [
      { from: writeWheel(join(windows, 'bare'), NAMES.cpu, {}) },
      'E_DATA',
      /Expected libtensorflow_framework\.so\.2 and/,
      /2\.16/,
    ],
  ];
  for (const [request, code, message, hint] of cases) {
    await assert.rejects(setUp({ variant: 'cpu', ...request }), fails(code, message, hint));
  }
  assertNothing();
});
