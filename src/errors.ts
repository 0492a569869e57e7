/** @file The one error that users are meant to see: what was expected, what was found, what to do about it. */

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
    super(message, { cause: options.cause });
    this.name = 'UserError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** The system's own code of an error (`ENOENT`, `ENOSPC`, …), if it has one. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/**
 * Turns a failed file operation into words.
 *
 * @param action what was tried, as in "write runs/x/metrics.csv"
 * @returns an `E_IO` error that says why and what to do
 */
export const ioError = (action: string, error: unknown): UserError => {
  const code = systemCode(error);
  const reasons: Record<string, [string, string]> = {
    ENOSPC: [
      'the disk is full',
      'Free some space, then run the same command again: it goes on from the last checkpoint.',
    ],
    EACCES: ['permission denied', 'Choose another folder, such as with `--runs DIR`.'],
    EPERM: ['permission denied', 'Choose another folder, such as with `--runs DIR`.'],
    EROFS: ['the file system is read-only', 'Choose another folder, such as with `--runs DIR`.'],
    ENOTDIR: [
      'a part of the path is a file, not a folder',
      'Choose another folder, such as with `--runs DIR`.',
    ],
    EEXIST: ['a file is in the way', 'Choose another folder, such as with `--runs DIR`.'],
    ENOENT: ['no such file or folder', 'Check the path.'],
    EISDIR: ['it is a folder, not a file', 'Check the path.'],
    EBUSY: ['it is in use, or a folder', 'Check the path.'],
  };
  const [reason, hint] = (code && reasons[code]) || [
    error instanceof Error ? error.message : String(error),
    undefined,
  ];
  return new UserError('E_IO', `Could not ${action}: ${reason}.`, { hint, cause: error });
};
