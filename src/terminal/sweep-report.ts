/** @file The text that `wnlstm sweep` prints before it starts, for `--dry-run`, and at the end. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pairsNeeded } from '../compare/sign-flip.js';
import { ALPHA } from '../compare/verdict.js';
import { EXIT } from '../errors.js';
import type { Board } from '../sweep/board.js';
import { estimateSeconds } from '../sweep/estimate.js';
import type { JobEnd } from '../sweep/executor.js';
import type { OpenedSweep } from '../sweep/open.js';
import type { PlannedRun } from '../sweep/plan.js';
import type { Shape } from '../sweep/shape.js';
import { plural } from '../text/plural.js';
import { alignColumns } from '../text/table.js';
import { differences, seconds } from './format.js';
import type { Io } from './io.js';
import { quoted, withProgramName } from './shell.js';

/** A sweep that is ready to run, with all its runs and those that have no result yet. */
export interface PreparedSweep extends OpenedSweep {
  /** The command that resumes it. */
  readonly resumeCommand: string;
}

/** Prints what would run and how long it would take. */
export async function dryRun(prepared: PreparedSweep, shape: Shape, json: boolean, io: Io): Promise<void> {
  const { plan, directory, runs, left, dataset } = prepared;
  const estimate = await estimateSeconds(left, dataset, shape);
  if (json) {
    const { name, arms, seeds, comparisons } = plan;
    const counts = { runs: runs.length, left: left.length, seconds: estimate };
    io.out(JSON.stringify({ name, dir: directory, ...counts, seeds, comparisons, arms }));
    return;
  }
  for (const line of introduction(prepared, describeShape(shape), io)) io.err(line);
  const count = (list: readonly PlannedRun[], name: string): string =>
    String(list.filter(({ arm }) => arm === name).length);
  const rows = plan.arms.map(({ name }) => [name, count(runs, name), count(left, name)]);
  const table = alignColumns([['arm', 'runs', 'to train'], ...rows]).split('\n');
  const configs = ['', ...plan.arms.map(({ config }) => differences(config, ['backend', 'device']))];
  for (const [index, line] of table.entries()) io.out(`${line}  ${configs[index] ?? ''}`.trimEnd());
  for (const [a, b] of plan.comparisons) io.out(`comparison: ${a} with ${b}`);
  io.out(
    left.length === 0
      ? `Every run has a result in ${directory}.`
      : `${plural(left.length, 'run')} to train, about ${seconds(estimate)} on this machine.`,
  );
}

/**
 * Prints how to train the runs of a plan.
 *
 * @returns the exit code
 */
export function reportPlan(prepared: PreparedSweep, quiet: boolean, io: Io): number {
  const { plan, directory, runs, left } = prepared;
  if (quiet) return EXIT.done;
  for (const line of introduction(prepared, null, io)) io.err(line);
  io.out(`${plan.name}: ${plural(runs.length, 'run')} planned, ${left.length} without a result`);
  if (left.length > 0)
    io.out(io.outColor.dim(withProgramName(`Train them: \`wnlstm work ${quoted(directory)}\``)));
  return EXIT.done;
}

/**
 * The lines that are printed before a sweep.
 *
 * @param where what computes it; null if this is not decided
 */
export function introduction(prepared: PreparedSweep, where: string | null, io: Io): string[] {
  const { plan, directory, choices, runs, left, startedBefore } = prepared;
  const { bold, dim, yellow } = io.errColor;
  const there = startedBefore ? `, ${runs.length - left.length} of them finished` : '';
  const backends = choices.map(
    ({ backend, device, why }) =>
      `${backend}${device === 'cuda' && backend !== device ? ` ${device}` : ''}${why ? ` (auto: ${why})` : ''}`,
  );
  return [
    `${bold('wnlstm')} ${plan.name}: ${plural(plan.arms.length, 'arm')} x ${plural(plan.seeds.length, 'seed')}, ${plural(runs.length, 'run')}${there}`,
    ...(plan.about ? [dim(plan.about)] : []),
    dim([...new Set(backends)].join('; ')),
    ...(where === null ? [] : [dim(where)]),
    dim(directory),
    ...warnings(prepared).map((warning) => `${yellow('note')} ${warning}`),
  ];
}

/** Describes how many runs are computed at a time, and where. */
export function describeShape({ jobs, threads, gpus: processGpus, lanes, laneGpus }: Shape): string {
  const gpus = laneGpus.length > 1 ? `each of ${laneGpus.length} GPUs` : 'the GPU';
  const cpu = processGpus.length > 0 ? '' : ' on the CPU';
  const parts = [
    ...(lanes > 0 ? [`${plural(lanes, 'run')} at a time on ${gpus}`] : []),
    ...(jobs > 0 ? [`${plural(jobs, 'job')} at a time${cpu}, ${plural(threads, 'thread')} each`] : []),
  ];
  return parts.join('; ');
}

/** Warns if the plan has too few seeds for any comparison to become significant. */
function warnings({ plan }: PreparedSweep): string[] {
  const count = plan.comparisons.length;
  if (count === 0) return [];
  const needed = pairsNeeded(count, ALPHA);
  if (plan.seeds.length >= needed) return [];
  const tests = count === 1 ? '1 comparison' : `${count} comparisons (Holm)`;
  const seeds = plural(plan.seeds.length, 'seed');
  const few = plan.seeds.length === 1 ? 'is too few' : 'are too few';
  return [`${seeds} ${few}: with ${tests}, p < ${ALPHA} needs at least ${needed}.`];
}

/**
 * Prints the result of a sweep.
 *
 * @returns the exit code
 */
export function reportSweep(
  { plan, directory, runs, resumeCommand }: PreparedSweep,
  board: Board,
  ends: ReadonlyMap<PlannedRun, JobEnd>,
  options: { readonly quiet?: boolean; readonly json?: boolean },
  io: Io,
): number {
  const failed = [...ends].flatMap(([run, end]) => (end.kind === 'failed' ? [{ run, ...end }] : []));
  const [completed, diverged] = [board.count('completed'), board.count('diverged')];
  const left = runs.length - completed - diverged;
  const code = failed.length > 0 ? EXIT.failed : left > 0 ? EXIT.stopped : EXIT.done;

  const { bold, dim } = io.outColor;
  for (const { run, reason } of failed) {
    io.err(io.errColor.red(`failed  ${run.arm} seed ${run.seed}: ${reason}`));
    io.err(io.errColor.dim(join(directory, run.id, 'log.txt')));
    for (const line of logTail(directory, run)) io.err(io.errColor.dim(`  ${line}`));
  }
  if (options.json) {
    const counts = { runs: runs.length, completed, diverged, failed: failed.length, left };
    io.out(JSON.stringify({ name: plan.name, dir: directory, ...counts }));
    return code;
  }
  if (options.quiet) return code;
  const have = (count: number): string => (count === 1 ? 'has' : 'have');
  if (left > 0) {
    io.err(`${left} of ${plural(runs.length, 'run')} ${have(left)} no result yet.`);
    io.err(withProgramName(`To resume, run \`${resumeCommand}\`.`));
    return code;
  }
  const others = diverged > 0 ? `, ${diverged} diverged` : '';
  io.out(bold(`${plan.name}: ${plural(runs.length, 'run')} finished${others}`));
  io.out(dim(withProgramName(`Compare: \`wnlstm compare ${quoted(directory)}\``)));
  io.out(dim(withProgramName(`Plot:    \`wnlstm plot ${quoted(directory)}\``)));
  return code;
}

/** The outcome of a sweep for --notify. */
export function sweepOutcome(
  { plan, directory, runs }: PreparedSweep,
  board: Board,
  ends: ReadonlyMap<PlannedRun, JobEnd>,
): Readonly<Record<string, string | number>> {
  const [completed, diverged] = [board.count('completed'), board.count('diverged')];
  const failed = [...ends.values()].filter(({ kind }) => kind === 'failed').length;
  const left = runs.length - completed - diverged;
  return {
    STATUS: failed > 0 ? 'failed' : left > 0 ? 'interrupted' : 'completed',
    DIR: directory,
    SWEEP: plan.name,
    RUNS: runs.length,
    COMPLETED: completed,
    DIVERGED: diverged,
    FAILED: failed,
    LEFT: left,
  };
}

/** The last lines of a run's log. */
function logTail(directory: string, { id }: PlannedRun): string[] {
  const path = join(directory, id, 'log.txt');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  return lines.filter((line) => line.trim() !== '').slice(-8);
}
