/** @file Collects the problems of a run's files; an error while reading is a problem too. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, systemCode, UserError } from '../errors.js';

/** A problem and its place. */
export interface Problem {
  /** The path in the run's folder. */
  readonly file: string;
  /** The line, from 1; null if the problem concerns the complete file. */
  readonly line: number | null;
  readonly message: string;
}

/** Collects the problems of one run. */
export interface Findings {
  readonly problems: readonly Problem[];
  readonly add: (...problems: readonly Problem[]) => void;
  /** Adds a problem that concerns a complete file. */
  readonly wrong: (file: string, message: string) => void;
  /** Calls a reader. If it throws, the error becomes a problem and the result is null. */
  readonly attempt: <T>(file: string, read: (path: string) => T) => T | null;
  /** Returns whether a file exists, and adds a problem if it does not. */
  readonly demand: (file: string) => boolean;
}

export function createFindings(directory: string): Findings {
  const problems: Problem[] = [];
  const add = (...more: readonly Problem[]): void => void problems.push(...more);
  const wrong = (file: string, message: string): void => add({ file, line: null, message });
  return {
    problems,
    add,
    wrong,
    attempt: (file, read) => {
      const path = join(directory, file);
      try {
        return read(path);
      } catch (error) {
        if (!(error instanceof UserError) && systemCode(error) === undefined) throw error;
        const { message } = error instanceof UserError ? error : ioError(`read ${path}`, error);
        add(problemOf(directory, file, message));
        return null;
      }
    },
    demand: (file) => {
      const exists = existsSync(join(directory, file));
      if (!exists) wrong(file, 'It is missing.');
      return exists;
    },
  };
}

/** A reader's error has the full path of the file; a problem has the path in the run's folder. */
function problemOf(directory: string, file: string, message: string): Problem {
  const within = message.replaceAll(join(directory, '/'), '');
  const [, named = file, rest = within] = /^([\w./-]+): (.*)$/s.exec(within) ?? [];
  return { file: named, line: null, message: `${rest.charAt(0).toUpperCase()}${rest.slice(1)}` };
}
