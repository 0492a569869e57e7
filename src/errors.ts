/** @file The one error that users are meant to see: what was expected, what was found, what to do about it. */

import { constants } from 'node:os';

/** What kind of thing went wrong; stable, for scripts and tests. */
export type ErrorCode =
  | 'E_USAGE'
  | 'E_CONFIG'
  | 'E_DATA'
  | 'E_BACKEND'
  | 'E_RUN'
  | 'E_LOCKED'
  | 'E_CHECKPOINT'
  | 'E_IO';

/** Exit codes of the program, as the README lists them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  diverged: 4,
  /** A sweep that was stopped. Other commands: see signals.ts. */
  stopped: 75,
} as const;

/** Printed as one line and a hint, without a stack; anything else that is thrown is a bug and shows its stack. */
export class UserError extends Error {
  readonly code: ErrorCode;
  /** What to do next, with a command where there is one. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(printable(message), { cause: options.cause });
    this.name = 'UserError';
    this.code = code;
    this.hint = options.hint;
  }
}

const ELSEWHERE = 'Choose another folder, such as with `--runs DIR`.';
const PERMISSION = `Check who owns it and what its permissions are. ${ELSEWHERE}`;
const SPACE = 'Free some space, then run the same command again: it goes on from the last checkpoint.';
const CHECK = 'Check the path.';

/** What the system's codes mean, and what to do. */
const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ENOSPC: ['the disk is full', SPACE],
  EDQUOT: ['your quota of disk space is used up', SPACE],
  EFBIG: ['a file would be larger than is allowed', 'See the limit with `ulimit -f`.'],
  ESTALE: [
    'its file server does not know it any more',
    'Check the network file system, then run the same command again.',
  ],
  EIO: ['the device reports an error', 'Check the disk; the kernel log says more (`dmesg`).'],
  EACCES: ['permission denied', PERMISSION],
  EPERM: ['permission denied', PERMISSION],
  EROFS: ['the file system is read-only', ELSEWHERE],
  ENOTDIR: ['a part of the path is a file, not a folder', ELSEWHERE],
  EEXIST: ['a file is in the way', ELSEWHERE],
  ENOTEMPTY: ['the folder is not empty', CHECK],
  ENAMETOOLONG: ['the name is too long', 'Choose a shorter one.'],
  ELOOP: ['its links lead in a circle', CHECK],
  ENOENT: ['no such file or folder', CHECK],
  EISDIR: ['it is a folder, not a file', CHECK],
  EBUSY: ['it is in use, or a folder', CHECK],
  ENXIO: ['it is a pipe or a device, not a file', CHECK],
  EMFILE: ['too many files are open', 'See the limit with `ulimit -n`.'],
  ENFILE: ['too many files are open on this machine', 'Try again later.'],
  ENOMEM: ['there is not enough memory', 'Free some memory, or raise the limit (`ulimit -v`).'],
  EAGAIN: ['no more processes or threads can be started', 'See the limit with `ulimit -u`.'],
};

/** What the system's calls do, where their names do not say it. */
const CALLS: Readonly<Record<string, string>> = {
  open: 'open',
  scandir: 'list',
  mkdir: 'make the folder',
  lstat: 'look at',
  stat: 'look at',
  rm: 'remove',
  unlink: 'remove',
  uv_cwd: 'find the current folder',
};

/**
 * Any error as one for users, if it is the system or its memory that refused.
 *
 * @returns null for a bug in this program, which should show its stack
 */
export function asUserError(error: unknown): UserError | null {
  if (error instanceof UserError) return error;
  if (!(error instanceof Error)) return null;
  const { syscall, path } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) {
    const [call] = syscall.split(' '); // "spawn git"
    return ioError([CALLS[call] ?? syscall, path].filter(Boolean).join(' '), error);
  }
  if (systemCode(error) === 'ERR_MODULE_NOT_FOUND') {
    return new UserError('E_IO', `Could not load a part of the program: ${error.message.split('\n')[0]}.`, {
      hint: 'Install it again with `npm ci`. If it is whole, too few files may be open: see the limit with `ulimit -n`.',
      cause: error,
    });
  }
  if (systemCode(error) === 'ERR_WORKER_OUT_OF_MEMORY' || /memory|allocation failed/i.test(error.message)) {
    return new UserError('E_IO', `There is not enough memory (${error.message.replace(/\.$/, '')}).`, {
      hint: 'Free some memory, raise the limit (`ulimit -v`), or use fewer threads: `--threads 1`.',
      cause: error,
    });
  }
  return null;
}

/**
 * Turns a failed operation of the system into words.
 *
 * @param action what was tried, as in "write runs/x/metrics.csv"
 * @returns an `E_IO` error that says why and what to do
 */
export function ioError(action: string, error: unknown): UserError {
  const code = systemCode(error);
  const [reason, hint] = (code && REASONS[code]) || [error instanceof Error ? error.message : String(error)];
  return new UserError('E_IO', `Could not ${action}: ${reason}.`, { hint, cause: error });
}

/** The system's own code of an error (`ENOENT`, `ENOSPC`, …), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException & { code: string };
  if (!code.startsWith('Unknown system error')) return code;
  // Node has no name for some, such as EDQUOT, in errors; it has in its constants.
  return Object.entries(constants.errno).find(([, number]) => number === -Number(errno))?.[0] ?? code;
}

/** A message may quote a damaged file: what would end the line or steer the terminal is spelled out, as in JSON. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (control) =>
    control === '\n' ? '\\n' : `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
