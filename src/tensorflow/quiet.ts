/** @file Keeps what a library prints while it loads from the user's terminal: some comes before it reads its log level. */

import koffi from 'koffi';

const STDERR = 2;
const O_WRONLY = 1;

/** Runs a task whose prints to standard error go nowhere; errors are thrown as ever. */
export function quietly<T>(task: () => T): T {
  const libc = koffi.load(null);
  const dup = libc.func('int dup(int file)');
  const dup2 = libc.func('int dup2(int from, int to)');
  const close = libc.func('int close(int file)');
  const terminal: number = dup(STDERR);
  const nowhere: number = libc.func('int open(const char *path, int flags)')('/dev/null', O_WRONLY);
  dup2(nowhere, STDERR);
  try {
    return task();
  } finally {
    if (terminal >= 0) dup2(terminal, STDERR);
    close(terminal);
    close(nowhere);
  }
}
