/** @file A cache, an index of fake wheels and a fake pip, for tests of the installation. */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type ErrorCode, UserError } from '../../errors.js';
import { type InstallRequest, installTensorFlow, type Outcome } from './install.js';
import { installationsDirectory, LIBRARIES, listInstallations, type Variant } from './installation.js';
import { writeFakePython, writeWheel } from './wheel.testing.js';

/** The folder of all files of the tests. */
export const root = mkdtempSync(join(tmpdir(), 'wnlstm-setup-'));
const { PATH: path } = process.env;
after(() => rmSync(root, { recursive: true })); // process.env is not restored: each test file is a process

const [framework, main] = LIBRARIES;
/** The files of the TensorFlow wheels. */
export const libraries = {
  [`tensorflow/${framework}`]: 'framework '.repeat(50_000),
  [`tensorflow/${main}`]: `main ${'nvidia/cublas/lib'}`,
  'tensorflow/python/_pywrap.so': 'not needed',
};
const nvidia = {
  'nvidia/cublas/lib/libcublas.so.12': 'cublas',
  'nvidia/cublas/lib/__init__.py': '',
  'nvidia/cublas/include/cublas.h': '',
};
const requires = ['numpy', 'nvidia-cublas-cu12<13.0,>=12.5; extra == "and-cuda"'];
/** Wheels of both variants, in a version that is not pinned. */
export const NAMES = {
  cpu: 'tensorflow_cpu-2.20.0-cp312-cp312-manylinux_2_27_x86_64.whl',
  cuda: 'tensorflow-2.20.0-cp312-cp312-manylinux_2_27_x86_64.whl',
};
export const CUBLAS = 'nvidia_cublas_cu12-12.9.1-py3-none-manylinux_2_27_x86_64.whl';

let folders = 0;

/** Creates an empty cache, and an index with both variants; returns the folder of the index. */
export function fresh(): string {
  const directory = join(root, String(folders++));
  const index = join(directory, 'index');
  process.env.XDG_CACHE_HOME = join(directory, 'cache');
  process.env.PATH = `${writeFakePython(join(directory, 'bin'), index)}:${path}`;
  writeWheel(index, NAMES.cpu, libraries, { requires });
  writeWheel(index, NAMES.cuda, libraries, { requires });
  writeWheel(index, CUBLAS, nvidia);
  return index;
}

/** Installs, with a simulated check of the libraries. */
export function setUp(request: Partial<InstallRequest> & { variant: Variant }): Promise<Outcome> {
  return installTensorFlow({
    version: '2.20.0',
    from: null,
    progress: { terminal: null, line: () => {} },
    check: async ({ directory }) => {
      for (const library of LIBRARIES) assert.ok(existsSync(join(directory, library)));
      return { version: '2.20.0', gpus: [], usableGpus: 0, failed: [], cudaVersions: {} };
    },
    ...request,
  });
}

/** Checks for an error of one line with a hint. */
export function fails(code: ErrorCode, message: RegExp, hint: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/);
    assert.match(error.hint ?? '', hint);
    return true;
  };
}

/** Checks that there is no installation and no staging folder. */
export function assertNothing(): void {
  assert.deepEqual(listInstallations(), []);
  const remaining = readdirSync(installationsDirectory()).filter((name) => !name.startsWith('.wheels'));
  assert.deepEqual(remaining, []);
}
