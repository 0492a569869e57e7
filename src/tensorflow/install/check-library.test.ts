/** @file Loading libraries in a child process: a library that crashes or hangs gives an error. */

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../errors.js';
import { checkLibrary } from './check-library.js';
import { LIBRARIES } from './installation.js';
import { compileFakeDriver, compileFakeLibraries, noFakeLibraries as skip } from './library.testing.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-check-'));
after(() => rmSync(root, { recursive: true }));

function fails(message: RegExp, hint: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/);
    assert.match(error.hint ?? '', hint);
    return true;
  };
}

test('a library that loads reports its version', { skip }, async () => {
  const directory = compileFakeLibraries(join(root, 'good'), '2.99.1');
  const { version, usableGpus, failed } = await checkLibrary({ directory, cuda: false });
  assert.deepEqual({ version, usableGpus, failed }, { version: '2.99.1', usableGpus: 0, failed: [] });
});

test('a CUDA library that does not load is reported, and TensorFlow still loads', { skip }, async () => {
  const directory = compileFakeLibraries(join(root, 'cuda'), '2.99.1');
  mkdirSync(join(directory, 'nvidia/cudnn/lib'), { recursive: true });
  for (const name of ['libcudnn.so.9', 'libcudnn_graph.so.9']) {
    writeFileSync(join(directory, 'nvidia/cudnn/lib', name), 'no library');
  }
  const { version, failed } = await checkLibrary({ directory, cuda: true });
  assert.equal(version, '2.99.1');
  const ours = failed.filter((line) => line.includes(directory));
  assert.equal(ours.length, 1, 'libraries that TensorFlow does not open itself are not tried');
  assert.match(ours[0]!, /libcudnn\.so\.9: /);
  assert.ok(
    failed.some((line) => /^libcublas\.so\.12: cannot open/.test(line)),
    'libcublas is not on the system either',
  );
});

test('a GPU is reported with its compute capability, and counted if TensorFlow can use it', {
  skip,
}, async () => {
  process.env.LD_LIBRARY_PATH = compileFakeDriver(join(root, 'driver'), 'Fake H100');
  for (const usable of [0, 1]) {
    const directory = compileFakeLibraries(join(root, `gpu-${usable}`), '2.99.1', { gpus: usable });
    const { gpus, usableGpus } = await checkLibrary({ directory, cuda: true });
    assert.deepEqual(gpus, [{ name: 'Fake H100', computeCapability: '9.0' }]);
    assert.equal(usableGpus, usable);
  }
  delete process.env.LD_LIBRARY_PATH;
});

test('a library that crashes ends only the child process', { skip }, async () => {
  for (const [signal, expected, hint] of [
    ['SIGILL', /lacks instructions/, /--backend native/],
    ['SIGKILL', /killed it/, /memory/],
    ['SIGSEGV', /it was killed by SIGSEGV/, /setup tensorflow/],
  ] as const) {
    const directory = compileFakeLibraries(join(root, signal), '1', {
      atStart: `kill(getpid(), ${signal}); sleep(9);`,
    });
    await assert.rejects(checkLibrary({ directory, cuda: false }), fails(expected, hint));
  }
});

test('a library that hangs is stopped', { skip }, async () => {
  const directory = compileFakeLibraries(join(root, 'hangs'), '1', { atStart: 'sleep(60);' });
  await assert.rejects(checkLibrary({ directory, cuda: false }, undefined, 300), fails(/SIGTERM/, /setup/));
});

test('a file that is not a library, truncated or missing is an error with the reason', {
  skip,
}, async () => {
  const directory = compileFakeLibraries(join(root, 'bad'), '1');
  const again = /setup --remove/;
  truncateSync(join(directory, LIBRARIES[1]), 1000);
  await assert.rejects(checkLibrary({ directory, cuda: false }), fails(/does not load: /, again));
  writeFileSync(join(directory, LIBRARIES[1]), 'text');
  await assert.rejects(checkLibrary({ directory, cuda: false }), fails(/file too short|invalid ELF/, again));
  rmSync(join(directory, LIBRARIES[1]));
  await assert.rejects(checkLibrary({ directory, cuda: false }), fails(/No such file/, again));
});

test('a library that lacks a function of the C API is refused, and the function is named', {
  skip,
}, async () => {
  const directory = compileFakeLibraries(join(root, 'old'), '1');
  copyFileSync(join(directory, LIBRARIES[0]), join(directory, LIBRARIES[1]));
  await assert.rejects(
    checkLibrary({ directory, cuda: false }),
    fails(/TensorFlow has no .*TF_Version/, /setup/),
  );
});
