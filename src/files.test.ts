/** @file Files and folders when system calls fail. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs, { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, mock, test } from 'node:test';
import { asUserError, UserError } from './errors.js';
import { makeDirectory, openForAppend, removeIfEmpty, replaceFile, syncFile, syncFolder } from './files.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-files-'));
after(() => rmSync(root, { recursive: true }));
afterEach(() => {
  mock.restoreAll();
  syncBuiltinESMExports();
});

/** Makes fsync fail, for folders only or also for files. */
function failSync(code: string, files: boolean): void {
  const real = fs.fsyncSync;
  mock.method(fs, 'fsyncSync', (handle: number) => {
    if (files || fs.fstatSync(handle).isDirectory()) throw Object.assign(new Error(code), { code });
    real(handle);
  });
  syncBuiltinESMExports();
}

for (const code of ['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR', 'EACCES', 'EBADF', 'ENOSYS']) {
  test(`a file system that reports ${code} when a folder is synced can hold runs`, () => {
    failSync(code, false);
    const path = join(root, 'file');
    replaceFile(path, code);
    assert.equal(readFileSync(path, 'utf8'), code);
    syncFolder(root);
  });
}

test('a folder that cannot be opened for syncing is no error', () => {
  mock.method(fs, 'openSync', () => {
    throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' });
  });
  syncBuiltinESMExports();
  syncFolder(root);
});

test('a file that cannot be synced because the disk is full or defective is an error', () => {
  const path = join(root, 'synced');
  writeFileSync(path, '');
  failSync('EINVAL', true);
  syncFile(path);
  for (const code of ['EIO', 'ENOSPC', 'EPERM']) {
    mock.restoreAll();
    failSync(code, true);
    assert.throws(() => syncFile(path), { code });
    assert.throws(() => replaceFile(path, 'x'), { code: 'E_IO' });
  }
});

test('a file is opened for appending only if it is a regular file: no link is followed, no pipe blocks', () => {
  const victim = join(root, 'victim');
  writeFileSync(victim, '');
  symlinkSync(victim, join(root, 'log.txt'));
  assert.throws(() => openForAppend(join(root, 'log.txt')), { code: 'ELOOP' });
  execFileSync('mkfifo', [join(root, 'pipe')]);
  assert.throws(() => openForAppend(join(root, 'pipe')), { code: 'ENXIO' });
  fs.closeSync(openForAppend(join(root, 'new.txt')));
  assert.equal(readFileSync(join(root, 'new.txt'), 'utf8'), '');
});

test('folders that were created are returned, the deepest first, and only empty ones are removed', () => {
  const created = makeDirectory(join(root, 'a/b'));
  assert.deepEqual(created, [join(root, 'a/b'), join(root, 'a')]);
  assert.deepEqual(makeDirectory(join(root, 'a/b')), []);
  writeFileSync(join(root, 'a/file'), '');
  for (const folder of created) removeIfEmpty(folder);
  assert.deepEqual(fs.readdirSync(join(root, 'a')), ['file']);
});

test('a dangling link in the place of a folder is an error that names the link', () => {
  const link = join(root, 'link');
  symlinkSync('nowhere', link);
  assert.throws(() => makeDirectory(link), {
    code: 'E_IO',
    message: /it is a link to nowhere, which is not a folder/,
  });
  const circle = join(root, 'circle');
  symlinkSync('circle', circle);
  assert.throws(() => makeDirectory(join(circle, 'below')), { code: 'E_IO' });
});

test('a system error becomes an error for users, and a bug stays a bug', () => {
  const failed = (): unknown => {
    try {
      return fs.readFileSync(join(root, 'absent'));
    } catch (error) {
      return error;
    }
  };
  assert.equal(
    asUserError(failed())?.message,
    `Could not open ${join(root, 'absent')}: no such file or folder.`,
  );
  const memory = new RangeError('WebAssembly.Memory(): could not allocate memory');
  assert.match(asUserError(memory)?.message ?? '', /^There is not enough memory/);
  assert.equal(asUserError(new TypeError('x is undefined')), null);
  const own = new UserError('E_DATA', 'own');
  assert.equal(asUserError(own), own);
});

test('a system error without a name in Node is described as well', {
  skip: process.platform === 'win32',
}, () => {
  for (const [name, words] of [
    ['EDQUOT', /your disk quota is exceeded/],
    ['ESTALE', /the network file system no longer has it/],
  ] as const) {
    const errno = -constants.errno[name];
    const code = `Unknown system error ${errno}`;
    const failed = Object.assign(new Error(`${code}: ${code}, write`), { errno, code, syscall: 'write' });
    assert.match(String(asUserError(failed)?.message), words);
    assert.ok(asUserError(failed)?.hint);
  }
});
