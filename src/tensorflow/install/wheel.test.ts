/** @file Parsing names, METADATA and RECORD of wheels. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compareVersions,
  DEFAULT_VERSION,
  neededPath,
  nvidiaRequirements,
  PINNED,
  PROJECTS,
  parseRecord,
  parseWheelName,
  requiredProject,
} from './wheel.js';

test("a wheel's name gives project, version and whether it is for Linux on x86-64", () => {
  const fits = (file: string): unknown => parseWheelName(file)?.fits;
  assert.deepEqual(parseWheelName('tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl'), {
    project: 'tensorflow-cpu',
    version: '2.21.0',
    fits: true,
  });
  assert.equal(fits('nvidia_nccl_cu12-2.27.7-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl'), true);
  assert.equal(fits('a-1.0-2-py3-none-linux_x86_64.whl'), true);
  for (const platform of [
    'win_amd64',
    'macosx_12_0_arm64',
    'manylinux_2_27_aarch64',
    'musllinux_1_2_x86_64',
    'any',
  ]) {
    assert.equal(fits(`tensorflow-2.21.0-cp312-cp312-${platform}.whl`), false, platform);
  }
  for (const file of ['tensorflow.whl', 'tensorflow-2.21.0.tar.gz', 'x', ''])
    assert.equal(parseWheelName(file), null);
});

test('the default version is pinned for both variants', () => {
  for (const project of Object.values(PROJECTS)) {
    const pinned = Object.entries(PINNED).filter(([file]) => parseWheelName(file)?.project === project);
    assert.deepEqual(
      pinned.map(([file]) => parseWheelName(file)?.version),
      [DEFAULT_VERSION],
    );
    for (const [, hash] of pinned) assert.match(hash, /^[0-9a-f]{64}$/);
  }
});

test('only libraries are needed, and no path leaves the installation', () => {
  assert.equal(neededPath('tensorflow/libtensorflow_cc.so.2'), 'libtensorflow_cc.so.2');
  assert.equal(neededPath('nvidia/cudnn/lib/libcudnn.so.9'), 'nvidia/cudnn/lib/libcudnn.so.9');
  assert.equal(
    neededPath('nvidia/cuda_nvrtc/lib/libnvrtc-builtins.so.12.9'),
    'nvidia/cuda_nvrtc/lib/libnvrtc-builtins.so.12.9',
  );
  for (const other of [
    'tensorflow/python/_pywrap_tfe.so',
    'x/tensorflow/libtensorflow_cc.so.2',
    'nvidia/cudnn/include/cudnn.h',
    'nvidia/cudnn/lib/__init__.py',
    'nvidia/cublas/lib/libcublas_static.a',
    'nvidia/../lib/libx.so',
    'nvidia/x/lib/../../../libx.so',
    '/nvidia/x/lib/libx.so',
  ]) {
    assert.equal(neededPath(other), null, other);
  }
});

test('the nvidia requirements are those of the extra and-cuda, except the compiler', () => {
  const metadata = [
    'Requires-Dist: numpy>=1.26.0',
    'Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"',
    "Requires-Dist: nvidia-cudnn-cu12 (>=9.3) ; extra == 'and-cuda'\r",
    'Requires-Dist: nvidia-cuda-nvcc-cu12<13.0; extra == "and-cuda"',
    'Requires-Dist: nvidia-other; extra == "gcs"',
  ].join('\n');
  assert.deepEqual(nvidiaRequirements(metadata), [
    'nvidia-cublas-cu12<13.0,>=12.5.3.2',
    'nvidia-cudnn-cu12>=9.3',
  ]);
  assert.equal(requiredProject('nvidia-cublas-cu12<13.0,>=12.5.3.2'), 'nvidia-cublas-cu12');
  assert.equal(requiredProject('tensorflow-cpu==2.21.0'), 'tensorflow-cpu');
});

test('versions are ordered by their numbers', () => {
  const sorted = ['2.9.1', '2.21.0rc1', '2.21.0', '2.21.1', '12.0'];
  assert.deepEqual([...sorted].reverse().sort(compareVersions), sorted);
});

test('parseRecord returns a hash for each file that has one', () => {
  const record = 'a/b.so.2,sha256=AB-_c,5\r\n"with,comma",sha256=dd,1\na/RECORD,,\n';
  assert.deepEqual(
    [...parseRecord(record)],
    [
      ['a/b.so.2', 'AB-_c'],
      ['with,comma', 'dd'],
    ],
  );
});
