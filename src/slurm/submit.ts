/** @file Submits runs as job arrays. */

import { join, resolve } from 'node:path';
import { UserError } from '../errors.js';
import { packageRoot } from '../package.js';
import { folderOf, slurm } from './command.js';
import { nextNumber, recordJob, slurmFolder, submissionPaths, writeSubmission } from './jobs.js';
import type { SlurmOptions } from './options.js';
import { jobName } from './queue.js';
import { batchScript } from './script.js';
import { chunks } from './tasks.js';

/** A job array to submit. */
export interface Submission {
  readonly number: number;
  /** The ids of the runs of each task. */
  readonly tasks: readonly (readonly string[])[];
  /** The text of the batch script. */
  readonly script: string;
  /** The path of the batch script. */
  readonly path: string;
}

/**
 * Makes the job arrays of a sweep. Writes nothing.
 *
 * @param sweep the name of the sweep
 * @param arraySize the largest number of tasks in an array
 * @throws {UserError} E_USAGE if a path cannot be written in a batch script
 */
export function submissionsOf(
  sweep: string,
  directory: string,
  tasks: readonly (readonly string[])[],
  arraySize: number,
  options: SlurmOptions,
): Submission[] {
  checkPath(resolve(directory));
  const first = nextNumber(directory);
  return chunks(tasks, arraySize).map((chunk, index) => {
    const number = first + index;
    const paths = submissionPaths(directory, number);
    const script = batchScript({
      job: jobName(sweep),
      directory: resolve(directory),
      logs: slurmFolder(directory),
      tasks: paths.tasks,
      taskCount: chunk.length,
      node: process.execPath,
      program: join(packageRoot, 'bin/wnlstm.js'),
      slurmFolder: folderOf('scontrol'),
      options,
    });
    return { number, tasks: chunk, script, path: paths.script };
  });
}

/** Slurm replaces nothing in the name of a log that contains a backslash. */
function checkPath(directory: string): void {
  if (!/[\p{Cc}\\]/u.test(directory)) return;
  throw new UserError(
    'E_USAGE',
    `Slurm cannot write logs to ${directory}: its path contains a backslash or a line break.`,
    {
      hint: 'Use another folder with `--runs DIR`.',
    },
  );
}

/** The arguments of sbatch that submit a batch script. */
export function sbatchArguments({ path }: Pick<Submission, 'path'>): string[] {
  return ['--parsable', path];
}

/**
 * Submits a job array, and records it.
 *
 * @returns the id of the job
 * @throws {UserError} E_SLURM if Slurm refuses it
 */
export async function submit(
  directory: string,
  submission: Submission,
  options: SlurmOptions,
): Promise<string> {
  const { number, tasks, script } = submission;
  writeSubmission(directory, number, tasks, script);
  const printed = await slurm('sbatch', sbatchArguments(submission), 'submit the job', overriding(options));
  const [, id] = /^(\d+)(?:;|$)/m.exec(printed) ?? [];
  if (id === undefined) {
    throw new UserError(
      'E_SLURM',
      `Expected the id of a job from sbatch, got ${printed.trim() || 'nothing'}.`,
      {
        hint: 'Look for the job with `squeue`, and cancel it with `scancel`; then run the same command again.',
      },
    );
  }
  recordJob(directory, number, id, new Date().toISOString());
  return id;
}

/** The variables of the environment that would override lines of the batch script. */
function overriding(options: SlurmOptions): string[] {
  const always = ['JOB_NAME', 'ARRAY_INX', 'SIGNAL', 'REQUEUE', 'NO_REQUEUE', 'OPEN_MODE', 'OUTPUT', 'WAIT'];
  const perOption = {
    PARTITION: options.partition,
    ACCOUNT: options.account,
    TIMELIMIT: options.time,
    MEM_PER_NODE: options.mem,
    GRES: options.gres,
  };
  const set = Object.entries(perOption).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return [...always, ...set].map((name) => `SBATCH_${name}`);
}
