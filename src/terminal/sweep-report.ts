/** @file What `wnlstm sweep` says before it begins, instead of beginning, and at its end. */

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
import { plural } from '../text/plural.js';
import { alignColumns } from '../text/table.js';
import { differences, quoted, seconds } from './format.js';
import type { Io } from './io.js';

/** A sweep as it is to be run, with all its runs and those that have no result yet. */
export interface PreparedSweep extends OpenedSweep {
  /** How the work is divided: jobs at a time, threads of each, ids of GPUs. */
  readonly shape: { readonly jobs: number; readonly threads: number; readonly gpus: readonly string[] };
  /** The command that goes on with it. */
  readonly resumeCommand: string;
}

/** Shows what would run and how long it would take. */
export async function dryRun(prepared: PreparedSweep, json: boolean, io: Io): Promise<void> {
  const { plan, directory, runs, left, shape, dataset } = prepared;
  const estimate = await estimateSeconds(left, dataset, shape.jobs, shape.threads);
  if (json) {
    const { name, arms, seeds, comparisons } = plan;
    const counts = { runs: runs.length, left: left.length, seconds: estimate };
    io.out(JSON.stringify({ name, dir: directory, ...counts, seeds, comparisons, arms }));
    return;
  }
  for (const line of introduction(prepared, io)) io.err(line);
  const count = (list: readonly PlannedRun[], name: string): string =>
    String(list.filter(({ arm }) => arm === name).length);
  const rows = plan.arms.map(({ name }) => [name, count(runs, name), count(left, name)]);
  const table = alignColumns([['arm', 'runs', 'to do'], ...rows]).split('\n');
  for (const [at, line] of table.entries()) {
    const config = at === 0 ? '' : differences(plan.arms[at - 1].config, ['backend', 'device']);
    io.out(`${line}  ${config}`.trimEnd());
  }
  for (const [a, b] of plan.comparisons) io.out(`compared: ${a} with ${b}`);
  io.out(
    left.length === 0
      ? `All ${plural(runs.length, 'run')} have a result in ${directory}.`
      : `${plural(left.length, 'run')} to do, about ${seconds(estimate)} here.`,
  );
}

/** The lines before a sweep. */
export function introduction(prepared: PreparedSweep, io: Io): string[] {
  const { plan, directory, choices, runs, left, shape, startedBefore } = prepared;
  const { bold, dim, yellow } = io.errColor;
  const there = startedBefore ? `, ${runs.length - left.length} of them with a result already` : '';
  const backends = choices.map(
    ({ backend, device, why }) =>
      `${backend}${device === 'cuda' ? ' cuda' : ''}${why ? ` (auto: ${why})` : ''}`,
  );
  return [
    `${bold('wnlstm')} ${plan.name}: ${plural(plan.arms.length, 'arm')} x ${plural(plan.seeds.length, 'seed')}, ${plural(runs.length, 'run')}${there}`,
    ...(plan.about ? [dim(plan.about)] : []),
    dim(backends.join('; ')),
    dim(`${plural(shape.jobs, 'job')} at a time, ${plural(shape.threads, 'thread')} each`),
    dim(directory),
    ...warnings(prepared).map((warning) => `${yellow('note')} ${warning}`),
  ];
}

/** What cannot be found out with this plan; better known now than after training. */
function warnings({ plan }: PreparedSweep): string[] {
  const family = plan.comparisons.length;
  if (family === 0) return [];
  const needed = pairsNeeded(family, ALPHA);
  if (plan.seeds.length >= needed) return [];
  const over = family === 1 ? 'with one comparison' : `after Holm over ${family} comparisons`;
  return [`${plural(plan.seeds.length, 'seed')} cannot give p < ${ALPHA} ${over}; ${needed} can.`];
}

/** Says how a sweep ended, and sets the exit code. */
export function reportSweep(
  { plan, directory, runs, resumeCommand }: PreparedSweep,
  board: Board,
  ends: ReadonlyMap<PlannedRun, JobEnd>,
  options: { readonly quiet?: boolean; readonly json?: boolean },
  io: Io,
): void {
  const failed = [...ends].flatMap(([run, end]) => (end.kind === 'failed' ? [{ run, ...end }] : []));
  const [completed, diverged] = [board.count('completed'), board.count('diverged')];
  const left = runs.length - completed - diverged;
  if (failed.length > 0) io.exit(EXIT.failed);
  else if (left > 0) io.exit(EXIT.stopped);

  const { bold, dim } = io.outColor;
  for (const { run, reason } of failed) {
    io.err(io.errColor.red(`failed  ${run.arm} seed ${run.seed}: ${reason}`));
    io.err(io.errColor.dim(join(directory, run.id, 'log.txt')));
    for (const line of logTail(directory, run)) io.err(io.errColor.dim(`  ${line}`));
  }
  if (options.json) {
    const counts = { runs: runs.length, completed, diverged, failed: failed.length, left };
    io.out(JSON.stringify({ name: plan.name, dir: directory, ...counts }));
    return;
  }
  if (options.quiet) return;
  const have = (count: number): string => (count === 1 ? 'has' : 'have');
  if (left > 0) {
    io.err(
      `${plural(left, 'run')} of ${runs.length} ${have(left)} no result yet. Go on: \`${resumeCommand}\``,
    );
    return;
  }
  const others = diverged > 0 ? `, ${diverged} diverged` : '';
  io.out(bold(`${plan.name}: all ${plural(runs.length, 'run')} ${have(runs.length)} a result${others}`));
  io.out(dim(`Compare: \`wnlstm compare ${quoted(directory)}\``));
  io.out(dim(`Plot:    \`wnlstm plot ${quoted(directory)}\``));
}

/** The last lines of a run's log. */
function logTail(directory: string, { id }: PlannedRun): string[] {
  const path = join(directory, id, 'log.txt');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  return lines.filter((line) => line.trim() !== '').slice(-8);
}
