/** @file The folder `slurm` of a sweep: what was submitted (jobs.json), the runs of each task, batch scripts and logs. */

import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ioError, UserError } from '../errors.js';
import { makeDirectory, readRegular, replaceFile, toJson } from '../files.js';

/** A job array that was submitted. */
export interface SubmittedJob {
  /** Its id in Slurm. */
  readonly id: string;
  readonly submitted_at: string;
  /** The ids of the runs of each task. */
  readonly tasks: readonly (readonly string[])[];
}

/** The contents of jobs.json. The runs of each task are in the file that the job reads. */
interface StoredJobs {
  readonly format: number;
  readonly jobs: readonly { readonly id: string; readonly submitted_at: string; readonly tasks: string }[];
}

const FORMAT = 1;

/** The absolute path of the folder. */
export function slurmFolder(directory: string): string {
  return join(resolve(directory), 'slurm');
}

/** The paths of a submission with a number. */
export function submissionPaths(directory: string, number: number): { tasks: string; script: string } {
  const folder = slurmFolder(directory);
  return { tasks: join(folder, `tasks-${number}.json`), script: join(folder, `job-${number}.sh`) };
}

/** The path of the log of a task, such as `12_3`. */
export function logOf(directory: string, task: string): string {
  return join(slurmFolder(directory), `${task}.log`);
}

/** The number of the next submission. A file of an earlier one is never replaced, as its job may still read it. */
export function nextNumber(directory: string): number {
  const folder = slurmFolder(directory);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const numbers = names.map((name) => Number(/^tasks-(\d+)\.json$/.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers) + 1;
}

/** Writes the files of a submission. */
export function writeSubmission(
  directory: string,
  number: number,
  tasks: readonly (readonly string[])[],
  script: string,
): void {
  makeDirectory(slurmFolder(directory));
  const paths = submissionPaths(directory, number);
  replaceFile(paths.tasks, toJson(tasks));
  replaceFile(paths.script, script);
}

/** Records that a submission became a job. */
export function recordJob(directory: string, number: number, id: string, now: string): void {
  const { jobs } = readStored(directory);
  const job = { id, submitted_at: now, tasks: `tasks-${number}.json` };
  const stored: StoredJobs = { format: FORMAT, jobs: [...jobs, job] };
  replaceFile(join(slurmFolder(directory), 'jobs.json'), toJson(stored));
}

/**
 * The jobs that were submitted, the oldest first.
 *
 * @throws {UserError} E_RUN if jobs.json or the tasks of a job are damaged
 */
export function readJobs(directory: string): SubmittedJob[] {
  return readStored(directory).jobs.map(({ id, submitted_at, tasks: file }) => {
    const path = join(slurmFolder(directory), file);
    const tasks = readJson(path);
    const isTask = (task: unknown): boolean =>
      Array.isArray(task) && task.every((run) => typeof run === 'string');
    if (!Array.isArray(tasks) || !tasks.every(isTask)) throw damaged(path, 'a list of lists of run ids');
    return { id, submitted_at, tasks: tasks as string[][] };
  });
}

function readStored(directory: string): StoredJobs {
  const path = join(slurmFolder(directory), 'jobs.json');
  if (!existsSync(path)) return { format: FORMAT, jobs: [] };
  const stored = readJson(path) as StoredJobs | null;
  const isJob = (job: Partial<StoredJobs['jobs'][number]> | null): boolean =>
    typeof job?.id === 'string' &&
    /^\d+$/.test(job.id) &&
    typeof job.submitted_at === 'string' &&
    typeof job.tasks === 'string' &&
    /^tasks-\d+\.json$/.test(job.tasks);
  if (stored?.format === FORMAT && Array.isArray(stored.jobs) && stored.jobs.every(isJob)) return stored;
  throw damaged(path, `a list of jobs, format ${FORMAT}`);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readRegular(path).toString());
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged(path, 'JSON', error);
    throw ioError(`read ${path}`, error);
  }
}

function damaged(path: string, expected: string, cause?: unknown): UserError {
  return new UserError('E_RUN', `${path}: expected ${expected}, got something else.`, {
    hint: 'Restore a copy of it. Or cancel the jobs of the sweep with `scancel`, move the folder away, and submit the sweep again; results are kept.',
    cause,
  });
}
