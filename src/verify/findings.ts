/** @file What is found wrong with the files of a run, and reading them so that an error is a finding too. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, systemCode, UserError } from '../errors.js';

/** Something wrong with a run, and where. */
export interface Problem {
  /** Within the run's folder. */
  readonly file: string;
  /** From 1; null where it is about the whole file. */
  readonly line: number | null;
  readonly message: string;
}

/** Collects problems of one run. */
export interface Findings {
  readonly problems: readonly Problem[];
  readonly add: (...problems: readonly Problem[]) => void;
  /** A problem of a whole file. */
  readonly wrong: (file: string, message: string) => void;
  /** What a reader gives, or null with its error among the problems. */
  readonly attempt: <T>(file: string, read: (path: string) => T) => T | null;
  /** Whether a file is there; if it is not, that is a problem. */
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
      const isThere = existsSync(join(directory, file));
      if (!isThere) wrong(file, 'It is missing.');
      return isThere;
    },
  };
}

/** Readers name the file with its whole path; a problem names it within the run's folder. */
function problemOf(directory: string, file: string, message: string): Problem {
  const within = message.replaceAll(join(directory, '/'), '');
  const [, named, rest] = /^([\w./-]+): (.*)$/s.exec(within) ?? [null, file, within];
  return { file: named, line: null, message: `${rest[0].toUpperCase()}${rest.slice(1)}` };
}
