/** @file The `slurm` object of a sweep file: how a Slurm cluster computes the sweep. */

import { z } from 'zod';
import { nearest } from '../text/nearest.js';

/** Text that needs no quotes in a batch script. */
const word = z.string().regex(/^[^\p{Cc}"'\\]+$/u);
const count = z.number().int().min(1).max(1_000_000);

/** The contents of `slurm`. Every key is also a flag of `wnlstm sweep`. */
export const slurmSchema = z.strictObject({
  partition: word.optional(),
  account: word.optional(),
  /** The time limit of a task, in a format of Slurm. */
  time: word.optional(),
  /** The number of cores of a task. */
  cpus: count.optional(),
  mem: word.optional(),
  gres: word.optional(),
  /** The largest number of tasks at the same time. */
  maxParallel: count.optional(),
  /** The number of runs that share a task. */
  runsPerTask: count.optional(),
  /** The seconds between the signal to write a checkpoint and the time limit. */
  signalSeconds: count.optional(),
  /** Further options of sbatch, such as `--qos=low`. */
  sbatch: z.array(word).optional(),
});

/** The keys of `slurm`. */
export type SlurmKeys = z.infer<typeof slurmSchema>;

const COUNTS = ['cpus', 'maxParallel', 'runsPerTask', 'signalSeconds'];

/** What is wrong with a value in `slurm`, for a message. */
export function slurmProblem(issue: z.core.$ZodIssue): string {
  const known = Object.keys(slurmSchema.shape);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `unknown key slurm.${key}${nearest(key, known)}`).join('; ');
  }
  const key = String(issue.path[1] ?? '');
  const expected = COUNTS.includes(key)
    ? 'a whole number from 1 to 1,000,000'
    : key === 'sbatch'
      ? 'a list of sbatch options such as ["--qos=low"], without quotes and backslashes'
      : key === ''
        ? `an object with any of the keys ${known.join(', ')}`
        : 'text without quotes and backslashes';
  return `${issue.path.join('.')}: expected ${expected}`;
}

/** Whether a text can be the value of a key that is text. */
export function isWord(text: string): boolean {
  return word.safeParse(text).success;
}
