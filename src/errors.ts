/** @file Errors for users: what was expected, what was found, and what to do. */

import { constants } from 'node:os';
import { singleLine } from './text/printable.js';

/** The kind of an error. */
export type ErrorCode =
  | 'E_USAGE'
  | 'E_CONFIG'
  | 'E_DATA'
  | 'E_BACKEND'
  | 'E_RUN'
  | 'E_LOCKED'
  | 'E_CHECKPOINT'
  | 'E_IO'
  | 'E_SLURM';

/** The exit codes of the program, as `wnlstm --help` lists them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  diverged: 4,
  /** A sweep was stopped. For other commands see signals.ts. */
  stopped: 75,
} as const;

/** An error that is printed as one line and a hint, without a stack. Any other error is a bug and shows its stack. */
export class UserError extends Error {
  readonly code: ErrorCode;
  /** What to do next, with a command if there is one. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(singleLine(message), { cause: options.cause });
    this.name = 'UserError';
    this.code = code;
    this.hint = options.hint;
  }
}

const ELSEWHERE = 'Choose another folder, for example with `--runs DIR`.';
const PERMISSION = `Check its owner and its permissions. ${ELSEWHERE}`;
const SPACE = 'Free some space, then run the same command again.';
const CHECK = 'Check the path.';

/** The meaning of each system error code, and what to do. */
const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ENOSPC: ['the disk is full', SPACE],
  EDQUOT: ['your disk quota is exceeded', SPACE],
  EFBIG: ['the file would exceed the size limit', 'Show the limit with `ulimit -f`.'],
  ESTALE: [
    'the network file system no longer has it',
    'Check the network file system, then run the same command again.',
  ],
  EIO: ['the disk reports an error', 'Check the disk. The kernel log has details (`dmesg`).'],
  EACCES: ['permission denied', PERMISSION],
  EPERM: ['permission denied', PERMISSION],
  EROFS: ['the file system is read-only', ELSEWHERE],
  ENOTDIR: ['a part of the path is a file, not a folder', ELSEWHERE],
  EEXIST: ['a file with that name exists', ELSEWHERE],
  ENOTEMPTY: ['the folder is not empty', CHECK],
  ENAMETOOLONG: ['the name is too long', 'Choose a shorter name.'],
  ELOOP: ['its symbolic links form a loop', CHECK],
  ENOENT: ['no such file or folder', CHECK],
  EISDIR: ['it is a folder, not a file', CHECK],
  EBUSY: ['it is in use, or is a folder', CHECK],
  ENXIO: ['it is a pipe or a device, not a file', CHECK],
  EMFILE: ['too many files are open', 'Show the limit with `ulimit -n`.'],
  ENFILE: ['too many files are open on this machine', 'Try again later.'],
  ENOMEM: ['there is not enough memory', 'Free some memory, or raise the limit (`ulimit -v`).'],
  EAGAIN: ['no more processes or threads can be started', 'Show the limit with `ulimit -u`.'],
};

/** The action of each system call whose name does not say it. */
const CALLS: Readonly<Record<string, string>> = {
  open: 'open',
  scandir: 'list',
  mkdir: 'create the folder',
  lstat: 'read the status of',
  stat: 'read the status of',
  rm: 'remove',
  unlink: 'remove',
  uv_cwd: 'find the current folder',
};

/**
 * Converts an error of the operating system, or a lack of memory, into an error for users.
 *
 * @returns null for a bug in this program, which should show its stack
 */
export function asUserError(error: unknown): UserError | null {
  if (error instanceof UserError) return error;
  if (!(error instanceof Error)) return null;
  const { syscall, path } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) {
    const [call = ''] = syscall.split(' '); // "spawn git"
    return ioError([CALLS[call] ?? syscall, path].filter(Boolean).join(' '), error);
  }
  if (systemCode(error) === 'ERR_MODULE_NOT_FOUND') {
    return new UserError('E_IO', `Could not load a part of the program: ${error.message.split('\n')[0]}.`, {
      hint: 'Install it again with `npm ci`. If that does not help, raise the limit of open files with `ulimit -n`.',
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
 * Creates the error for a failed system operation.
 *
 * @param action the failed action, such as "write runs/x/metrics.csv"
 * @returns an `E_IO` error with the reason and a hint
 */
export function ioError(action: string, error: unknown): UserError {
  const code = systemCode(error);
  const [reason, hint] = (code && REASONS[code]) || [error instanceof Error ? error.message : String(error)];
  return new UserError('E_IO', `Could not ${action}: ${reason}.`, { hint, cause: error });
}

/** The system code of an error (`ENOENT`, `ENOSPC`, …), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException & { code: string };
  if (!code.startsWith('Unknown system error')) return code;
  // Node does not name some codes, such as EDQUOT, in errors, but lists them in its constants.
  return Object.entries(constants.errno).find(([, number]) => number === -Number(errno))?.[0] ?? code;
}
