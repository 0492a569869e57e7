/** @file Suppresses stderr while a library loads: some lines are printed before it reads its log level. */

import koffi from 'koffi';

const STDERR = 2;
const O_WRONLY = 1;

/** Runs a task while standard error is redirected to /dev/null. */
export function quietly<T>(task: () => T): T {
  const libc = koffi.load(null);
  const dup = libc.func('int dup(int file)');
  const dup2 = libc.func('int dup2(int from, int to)');
  const close = libc.func('int close(int file)');
  const original: number = dup(STDERR);
  const devNull: number = libc.func('int open(const char *path, int flags)')('/dev/null', O_WRONLY);
  dup2(devNull, STDERR);
  try {
    return task();
  } finally {
    if (original >= 0) dup2(original, STDERR);
    close(original);
    close(devNull);
  }
}
