/** @file Which machines are supported. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../errors.js';
import { type Machine, requireSupported } from './platform.js';

test('only Linux on x86-64 with glibc 2.27 or newer is supported; the error names the machine', () => {
  for (const glibc of ['2.27', '2.36', '3.0']) requireSupported({ platform: 'linux', arch: 'x64', glibc });
  const refused: [Machine, RegExp][] = [
    [{ platform: 'darwin', arch: 'arm64', glibc: undefined }, /got darwin on arm64\.$/],
    [{ platform: 'win32', arch: 'x64', glibc: undefined }, /got win32 on x64\.$/],
    [{ platform: 'linux', arch: 'arm64', glibc: '2.36' }, /got linux on arm64 with glibc 2\.36\.$/],
    [{ platform: 'linux', arch: 'x64', glibc: '2.17' }, /with glibc 2\.17\.$/],
    [{ platform: 'linux', arch: 'x64', glibc: undefined }, /without glibc\.$/],
  ];
  for (const [machine, expected] of refused) {
    assert.throws(
      () => requireSupported(machine),
      (error: unknown) =>
        error instanceof UserError &&
        expected.test(error.message) &&
        /--backend native/.test(error.hint ?? ''),
    );
  }
});
