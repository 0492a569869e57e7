/** @file `wnlstm sweep --launcher slurm`: submits the runs that are neither finished nor queued, and watches them if asked to. */

import { join } from 'node:path';
import { EXIT, UserError } from '../errors.js';
import type { Lock } from '../runs/lock.js';
import { readResult } from '../runs/reading.js';
import { cancelJobs } from '../slurm/cancel.js';
import { readJobs } from '../slurm/jobs.js';
import { type SlurmOptions, slurmOptions } from '../slurm/options.js';
import { maxArraySize, parseArraySize, type QueuedTask, readQueue } from '../slurm/queue.js';
import { failureOf, type Standing, standingOf, tasksByRun } from '../slurm/standing.js';
import { type Submission, sbatchArguments, submissionsOf, submit } from '../slurm/submit.js';
import { groupRuns } from '../slurm/tasks.js';
import { watch } from '../slurm/watch.js';
import { createBoard } from '../sweep/board.js';
import type { SweepFile } from '../sweep/open.js';
import type { PlannedRun } from '../sweep/plan.js';
import { plural } from '../text/plural.js';
import { scheduleOf } from '../train/trainer.js';
import { type Io, stopCode } from './io.js';
import { printNote } from './messages.js';
import { quoted, withProgramName } from './shell.js';
import { type SlurmFlags, slurmFlagsText, slurmKeysOf } from './slurm-options.js';
import { createSweepDisplay } from './sweep-display.js';
import { introduction, type PreparedSweep, reportSweep } from './sweep-report.js';

type Options = SlurmFlags & { readonly wait?: true; readonly quiet?: true; readonly json?: true };

/** A sweep with what it has in the queue and what is to be submitted. */
interface SlurmSweep {
  readonly prepared: PreparedSweep;
  readonly options: SlurmOptions;
  /** Where each run without a result stands. */
  readonly standings: ReadonlyMap<PlannedRun, Standing>;
  readonly submissions: readonly Submission[];
}

/** A job that was submitted now. */
interface Submitted {
  readonly job: string;
  readonly tasks: number;
  readonly runs: number;
}

/** Prints the batch scripts and the commands that would submit them. Works without a cluster. */
export async function dryRunOnSlurm(
  file: SweepFile,
  prepared: PreparedSweep,
  flags: Options,
  io: Io,
): Promise<number> {
  const cluster = await clusterOrNote(prepared.plan.name);
  const sweep = await examine(file, prepared, flags, cluster);
  if (flags.json) {
    const { plan, directory, runs, left } = prepared;
    const arrays = sweep.submissions.map(({ path, script, tasks }) => ({ path, script, tasks }));
    const counts = { runs: runs.length, left: left.length };
    io.out(JSON.stringify({ name: plan.name, dir: directory, ...counts, submissions: arrays }));
    return EXIT.done;
  }
  for (const line of introductionOf(sweep, io)) io.err(line);
  if (cluster.note !== null) printNote(cluster.note, io);
  if (sweep.submissions.length === 0) io.out('Nothing to submit.');
  for (const submission of sweep.submissions) {
    io.out(submission.script);
    io.out(`# ${describe(submission)}, saved as ${submission.path} and submitted with:`);
    io.out(['sbatch', ...sbatchArguments(submission)].map(quoted).join(' '));
  }
  return EXIT.done;
}

/** What a submission needs to know about the cluster. */
interface ClusterState {
  /** The largest number of tasks in a job array. */
  readonly arraySize: number;
  readonly queue: ReadonlyMap<string, QueuedTask>;
}

async function readCluster(sweep: string): Promise<ClusterState> {
  return { arraySize: await maxArraySize(), queue: await readQueue(sweep) };
}

/** The state of the cluster, or the defaults of Slurm and a note that there is none. */
async function clusterOrNote(sweep: string): Promise<ClusterState & { readonly note: string | null }> {
  try {
    return { ...(await readCluster(sweep)), note: null };
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'E_SLURM') throw error;
    return {
      arraySize: parseArraySize(''),
      queue: new Map(),
      note: `The queue is not considered. ${error.message}`,
    };
  }
}

/** Finds what is to be submitted. */
async function examine(
  file: SweepFile,
  prepared: PreparedSweep,
  flags: Options,
  { arraySize, queue }: ClusterState,
): Promise<SlurmSweep> {
  const { plan, directory, left, dataset } = prepared;
  const options = slurmOptions(slurmKeysOf(flags), file.sweep.slurm);
  const tasks = tasksByRun(readJobs(directory));
  const standings = new Map(left.map((run) => [run, standingOf(directory, run, tasks, queue)]));
  for (const [run, { kind }] of standings) {
    // A task may have ended between the look for results and the look at the queue.
    if (kind === 'lost' && readResult(join(directory, run.id), run.id)) standings.delete(run);
  }
  const runs = left.filter((run) => ['new', 'lost'].includes(standings.get(run)?.kind ?? ''));
  const groups = await groupRuns(runs, dataset, options);
  const submissions = submissionsOf(plan.name, directory, groups, arraySize, options);
  return { prepared, options, standings, submissions };
}

/**
 * Checks that the runs of a sweep can be submitted here.
 *
 * @throws {UserError} E_SLURM if there is no cluster; E_USAGE for wrong options
 */
export async function checkSlurm(file: SweepFile, flags: Options): Promise<void> {
  slurmOptions(slurmKeysOf(flags), file.sweep.slurm);
  await maxArraySize();
}

/**
 * Submits the runs of a sweep that have no result and are not in the queue.
 *
 * @param lock the lock of the sweep's folder, without which two submissions would submit the same runs
 * @returns the function that reports or watches, to call when the lock is released
 */
export async function submitToSlurm(
  file: SweepFile,
  prepared: PreparedSweep,
  lock: Lock,
  flags: Options,
  io: Io,
): Promise<() => Promise<number>> {
  const sweep = await examine(file, prepared, flags, await readCluster(prepared.plan.name));
  if (!flags.quiet) {
    for (const line of introductionOf(sweep, io)) io.err(line);
  }
  const submitted: Submitted[] = [];
  for (const submission of sweep.submissions) {
    lock.assertHeld();
    const job = await submit(prepared.directory, submission, sweep.options);
    submitted.push({ job, tasks: submission.tasks.length, runs: runsIn(submission) });
    if (!flags.quiet && !flags.json) io.out(`Submitted job ${job}: ${describe(submission)}`);
  }
  if (!flags.quiet) for (const note of lostNotes(sweep)) printNote(note, io);
  return () => (flags.wait ? watchSlurm(prepared, flags, io) : reportSubmission(sweep, submitted, flags, io));
}

function introductionOf({ prepared, options, submissions }: SlurmSweep, io: Io): string[] {
  const { partition, time, gres, maxParallel } = options;
  const parts = [
    partition === undefined ? 'default partition' : `partition ${partition}`,
    `${plural(options.cpus, 'core')} per task`,
    ...(gres === undefined ? [] : [gres]),
    ...(time === undefined ? [] : [`time limit ${time}`]),
    ...(maxParallel === undefined ? [] : [`${plural(maxParallel, 'task')} at a time`]),
  ];
  const tasks = submissions.reduce((sum, submission) => sum + submission.tasks.length, 0);
  return [
    ...introduction(prepared, `slurm: ${parts.join(', ')}`, io),
    io.errColor.dim(`${plural(tasks, 'task')} to submit`),
  ];
}

function describe(submission: Submission): string {
  return `${plural(submission.tasks.length, 'task')}, ${plural(runsIn(submission), 'run')}`;
}

function runsIn({ tasks }: Submission): number {
  return tasks.reduce((sum, task) => sum + task.length, 0);
}

/** A note for each reason why tasks of earlier jobs left no result. */
function lostNotes({ prepared, standings }: SlurmSweep): string[] {
  const reasons = new Map<string, number>();
  for (const [run, standing] of standings) {
    if (standing.kind !== 'lost') continue;
    const reason = failureOf(prepared.directory, standing.task, run, false) ?? '';
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return [...reasons].map(([reason, count]) => {
    const what = `${plural(count, 'run')} had left the queue without a result, and ${count === 1 ? 'was' : 'were'} submitted again`;
    return reason === '' ? `${what}.` : `${what}: ${reason}.`;
  });
}

/** Prints what was submitted and how to follow it. */
async function reportSubmission(
  { prepared, standings }: SlurmSweep,
  submitted: readonly Submitted[],
  flags: Options,
  io: Io,
): Promise<number> {
  const { quiet, json } = flags;
  const { plan, directory, runs, results, left, resumeCommand } = prepared;
  const count = (kind: Standing['kind']): number =>
    [...standings.values()].filter((standing) => standing.kind === kind).length;
  if (json) {
    const counts = { runs: runs.length, left: left.length, queued: count('queued'), running: count('owned') };
    io.out(JSON.stringify({ name: plan.name, dir: directory, ...counts, submitted }));
    return EXIT.done;
  }
  if (quiet) return EXIT.done;
  if (left.length === 0) {
    const board = createBoard(plan, runs, () => 0, results);
    return reportSweep(prepared, board, new Map(), {}, io);
  }
  if (count('queued') > 0) io.out(`${plural(count('queued'), 'run')} in the queue already`);
  if (count('owned') > 0) io.out(`${plural(count('owned'), 'run')} in training by other processes`);
  const { dim } = io.outColor;
  if (submitted.length === 0 && count('queued') === 0) return EXIT.done;
  const wait = `${resumeCommand} --launcher slurm${slurmFlagsText(flags)} --wait`;
  io.out(dim(withProgramName(`Follow:  \`${wait}\``)));
  io.out(dim(withProgramName(`List:    \`wnlstm ls --runs ${quoted(directory)}\``)));
  io.out(dim(withProgramName(`Cancel:  \`${resumeCommand} --cancel\``)));
  io.out(dim(`Logs:    ${directory}/slurm/*.log`));
  return EXIT.done;
}

/** Shows the progress of a sweep until all of its runs have ended. */
async function watchSlurm(prepared: PreparedSweep, flags: Options, io: Io): Promise<number> {
  const { plan, directory, runs, results, left, dataset, resumeCommand } = prepared;
  const stepsOf = ({ config }: PlannedRun): number => scheduleOf(config, dataset.train.count).totalSteps;
  const board = createBoard(plan, runs, stepsOf, results);
  const display = createSweepDisplay(board, io, Boolean(flags.quiet) || left.length === 0);
  const again = { ...prepared, resumeCommand: `${resumeCommand} --launcher slurm${slurmFlagsText(flags)}` };
  try {
    const ends = await watch(
      {
        directory,
        runs: left,
        tasks: tasksByRun(readJobs(directory)),
        readQueue: () => readQueue(plan.name),
        signal: io.signal,
      },
      {
        onEvent: (event) => {
          board.onEvent(event);
          display.onEvent(event);
        },
        onNote: display.onNote,
      },
    );
    display.close();
    if (!io.signal.aborted) return reportSweep(again, board, ends, flags, io);
    io.err('Stopped watching; the jobs continue.');
    io.err(withProgramName(`Cancel them with \`${resumeCommand} --cancel\`.`));
    return stopCode(io);
  } finally {
    display.close();
  }
}

/** Cancels the jobs of a sweep. */
export async function cancelOnSlurm({ sweep, directory }: SweepFile, io: Io): Promise<number> {
  const ids = await cancelJobs(sweep.name, directory);
  io.out(
    ids.length === 0
      ? `The sweep in ${directory} has no jobs in the queue.`
      : `Cancelled ${plural(ids.length, 'job')} of ${sweep.name}: ${ids.join(', ')}`,
  );
  return EXIT.done;
}
