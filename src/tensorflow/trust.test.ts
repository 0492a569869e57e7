/** @file Libraries are loaded only if no other user can have changed them. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../errors.js';
import { cacheDirectory } from '../package.js';
import { assertTrusted } from './trust.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-trust-'));
const before = process.env.XDG_CACHE_HOME;
process.env.XDG_CACHE_HOME = root;
after(() => {
  process.env.XDG_CACHE_HOME = before ?? '';
  rmSync(root, { recursive: true });
});
const skip = process.platform === 'win32' ? 'Windows has other permissions' : false;

/** An installation in the cache. */
function fresh(): { directory: string; library: string } {
  rmSync(cacheDirectory(), { recursive: true, force: true });
  const directory = join(cacheDirectory(), 'tensorflow/1.0-cpu');
  mkdirSync(join(directory, 'nvidia'), { recursive: true, mode: 0o755 });
  const library = join(directory, 'nvidia/lib.so');
  writeFileSync(library, '', { mode: 0o644 });
  for (const path of [cacheDirectory(), join(cacheDirectory(), 'tensorflow'), directory])
    chmodSync(path, 0o755);
  return { directory, library };
}

function refuses(directory: string, path: string, why: RegExp): void {
  assert.throws(
    () => assertTrusted(directory),
    (error) =>
      error instanceof UserError &&
      error.code === 'E_BACKEND' &&
      error.message.includes(`: ${path} `) &&
      why.test(error.message),
    path,
  );
}

test('files that only the user and root can write to are trusted', { skip }, () => {
  assertTrusted(fresh().directory);
});

test('a folder or file that other users can write to is refused and named', { skip }, () => {
  const { directory, library } = fresh();
  for (const path of [cacheDirectory(), join(cacheDirectory(), 'tensorflow'), directory, library]) {
    for (const mode of [0o777, 0o775, 0o757]) {
      chmodSync(path, mode);
      refuses(directory, path, /can be written by other users/);
    }
    chmodSync(path, 0o755);
  }
  assertTrusted(directory);
});

test("another user's folder or file is refused", {
  skip: process.getuid?.() === 0 ? false : 'only root can give files away',
}, () => {
  const { directory, library } = fresh();
  for (const path of [cacheDirectory(), directory, library]) {
    chownSync(path, 12345, 12345);
    refuses(directory, path, /belongs to user 12345/);
    chownSync(path, 0, 0);
  }
});

test('a link instead of a folder is refused, and a link to a file is checked like the file', {
  skip,
}, () => {
  const { directory, library } = fresh();
  const elsewhere = join(root, 'elsewhere.so');
  writeFileSync(elsewhere, '', { mode: 0o644 });
  rmSync(library);
  symlinkSync(elsewhere, library);
  assertTrusted(directory);
  chmodSync(elsewhere, 0o666);
  refuses(directory, library, /can be written/);
  renameSync(directory, `${directory}-moved`);
  symlinkSync(`${directory}-moved`, directory);
  refuses(directory, directory, /is a link/);
});
