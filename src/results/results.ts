/** @file From a sweep or single runs on disk to arms that can be compared, with every exclusion in words. */

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { isDirectory } from '../files.js';
import { findRun, isSweep, listRuns, withoutFiles } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';
import { type Plan, plannedRuns, readPlan } from '../sweep/plan.js';
import type { Arm, ArmRun, RunRows } from './arm.js';
import { armNames, dataKey, lengthOf } from './arm-names.js';
import { lostRows, type Reader, readResult, readRows } from './read-run.js';

/** Runs that were asked for, as arms. */
export interface Results<Run extends RunRows = ArmRun> {
  /** Of the sweep, or of the runs. */
  readonly title: string;
  readonly plan: Plan | null;
  /** Where what is made of them belongs: the folder of the sweep, or of the one run; else null. */
  readonly directory: string | null;
  readonly arms: readonly Arm<Run>[];
  /** Pairs of names that were declared: those of the plan. */
  readonly comparisons: readonly (readonly [string, string])[];
  /** What was left out and what to keep in mind, a sentence each. */
  readonly notes: readonly string[];
  /** The runs behind the arms. */
  readonly found: readonly FoundRun[];
}

/**
 * Reads the results of a sweep, or of runs.
 *
 * @param names one sweep (its folder or name), or runs and folders of runs
 * @throws {UserError} E_RUN if there are none, or a plan was changed; E_DATA if runs do not belong together
 */
export function readResults(runsDirectory: string, names: readonly string[]): Results {
  const read = readWith(readResult, runsDirectory, names);
  checkAlike(read);
  const results = { ...read, notes: [...read.notes, ...planNotes(read)] };
  if (results.arms.some(({ runs }) => runs.length > 0)) return results;
  const message = `No run in ${names.join(', ')} has a result yet. ${results.notes.join(' ')}`;
  throw new UserError('E_RUN', message.trim(), {
    hint: 'Go on with them: `wnlstm sweep FILE`, or `wnlstm resume RUN`.',
  });
}

function readWith<Run extends RunRows>(
  reader: Reader<Run>,
  runsDirectory: string,
  given: readonly string[],
): Results<Run> {
  const names = withoutFiles(given);
  const folders = names.map((name) => (isSweep(name) ? name : join(runsDirectory, name)));
  const sweeps = folders.filter(isSweep);
  if (sweeps.length > 0 && names.length > 1) {
    throw new UserError('E_USAGE', `Expected one sweep or several runs, got ${names.join(', ')}.`, {
      hint: 'Sweeps are looked at one by one.',
    });
  }
  const notes: string[] = [];
  const plan = sweeps.length === 1 ? readPlan(sweeps[0]) : null;
  const results = plan
    ? sweepResults(reader, sweeps[0], plan)
    : looseResults(
        reader,
        names.flatMap((name) => runsOf(runsDirectory, name, notes)),
        notes,
      );
  return { ...results, notes: [...results.notes, ...cautions(results.found)] };
}

function sweepResults<Run extends RunRows>(reader: Reader<Run>, directory: string, plan: Plan): Results<Run> {
  const notes: string[] = [];
  const damaged: string[] = [];
  const found = new Map(
    listRuns(directory, (error) => void damaged.push(error.message)).map((run) => [
      basename(run.directory),
      run,
    ]),
  );
  const runs = plannedRuns(plan);
  const planned = new Set(runs.map(({ id }) => id));
  const prints = new Map(plan.arms.map(({ name, fingerprint }) => [name, fingerprint]));
  const missing = runs.filter(({ id }) => !found.has(id)).length - damaged.length;
  if (missing > 0) {
    notes.push(
      `${missing} of ${counted(runs.length, 'run')} ${missing === 1 ? 'is' : 'are'} not there yet: sweep again to train the rest.`,
    );
  }
  for (const message of damaged) {
    notes.push(`Left out: ${message} To train it again, move its folder away and sweep again.`);
  }
  const strangers = [...found.keys()].filter((id) => !planned.has(id));
  if (strangers.length > 0) notes.push(`Left out, as not planned: ${strangers.join(', ')}.`);
  const byArm = new Map<string, FoundRun[]>(plan.arms.map(({ name }) => [name, []]));
  for (const { arm, id } of runs) {
    const run = found.get(id);
    if (!run) continue;
    if (run.record.fingerprint === prints.get(arm)) byArm.get(arm)?.push(run);
    else notes.push(`Left out: ${run.directory} is of another config or other data than was planned.`);
  }
  const arms = collect(
    reader,
    plan.arms.map(({ name, config }) => ({ name, config, runs: byArm.get(name) ?? [] })),
    notes,
  );
  const lengths = new Set(plan.arms.map(({ config }) => lengthOf(config)));
  if (lengths.size > 1) notes.push(`The arms are of different length: ${[...lengths].join(', ')}.`);
  const used = [...byArm.values()].flat();
  return { title: plan.name, plan, directory, arms, comparisons: plan.comparisons, notes, found: used };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Runs by arm, each seed once; what is left out goes into `notes`. */
function collect<Run extends RunRows>(
  reader: Reader<Run>,
  groups: readonly { readonly name: string; readonly config: Config; readonly runs: readonly FoundRun[] }[],
  notes: string[],
): Arm<Run>[] {
  return groups.map(({ name, config, runs }) => {
    const bySeed = new Map<number, Run>();
    for (const found of runs) {
      const run = reader(found);
      if (typeof run === 'string') notes.push(`Left out: ${found.directory} ${run}.`);
      else if (bySeed.has(run.seed)) notes.push(`Left out: ${found.directory} is the same run again.`);
      else {
        bySeed.set(run.seed, run);
        const lost = lostRows(found, run);
        if (lost) notes.push(`${found.directory} ${lost}: its curves end there.`);
      }
    }
    const sorted = [...bySeed.values()].sort((a, b) => a.seed - b.seed);
    return { name, config: { ...config, seed: sorted[0]?.seed ?? config.seed }, runs: sorted };
  });
}

function looseResults<Run extends RunRows>(
  reader: Reader<Run>,
  found: readonly FoundRun[],
  notes: string[],
): Results<Run> {
  const groups = new Map<string, FoundRun[]>();
  for (const run of found) {
    groups.set(run.record.fingerprint, [...(groups.get(run.record.fingerprint) ?? []), run]);
  }
  const configs = [...groups.values()].map(([first]) => first.config);
  const names = armNames([...groups.values()].map(([first]) => first));
  const arms = collect(
    reader,
    [...groups.values()].map((runs, at) => ({ name: names[at], config: configs[at], runs })),
    notes,
  );
  const title = found.length === 1 ? found[0].record.run_id : `${found.length} runs`;
  const directory = found.length === 1 ? found[0].directory : null;
  return { title, plan: null, directory, arms, comparisons: [], notes, found };
}

/** Runs that a name means: one run, or all runs in a folder. */
function runsOf(runsDirectory: string, name: string, notes: string[]): FoundRun[] {
  const isFolderOfRuns = isDirectory(name) && !existsSync(join(name, 'run.json'));
  const damaged = (error: UserError): void => void notes.push(`Left out: ${error.message}`);
  const inside = isFolderOfRuns ? listRuns(name, damaged) : [];
  return inside.length > 0 ? inside : [findRun(runsDirectory, name)];
}

/** Things that make runs hard to compare. */
function cautions(found: readonly FoundRun[]): string[] {
  const arithmetics = [...new Set(found.map(({ record }) => record.arithmetic))].sort();
  if (arithmetics.length === 1) return [];
  return [
    `Runs of different arithmetic (${arithmetics.join(', ')}): their last bits differ, and at a high learning rate whole curves do.`,
  ];
}

/** A test accuracy after more steps, or on other images, is of another thing. */
function checkAlike({ plan, arms, found }: Results): void {
  const lengths = [...new Set(arms.map(({ config }) => lengthOf(config)))];
  // A plan may mean to compare lengths, and its notes tell of them.
  if (!plan && lengths.length > 1) throw refuse(`These runs are of different length: ${lengths.join(', ')}.`);
  const data = new Set(found.map(({ record }) => dataKey(record)));
  if (data.size > 1) throw refuse(`These runs are of ${data.size} different data sets.`);
}

function refuse(message: string): UserError {
  return new UserError('E_DATA', message, {
    hint: 'Name a sweep, or runs of one length and data set: `wnlstm ls` lists them. `wnlstm plot` draws unlike runs together.',
  });
}

/** What makes p-values of a plan mean less than they seem to. */
function planNotes({ plan, found }: Results): string[] {
  if (!plan) return ['Nothing was declared before these runs, so there is no p.'];
  const older = found.filter(({ record }) => record.started_at < plan.created_at).length;
  return [
    ...plan.added
      .filter(({ at }) => at > plan.created_at)
      .map(
        ({ at, seeds }) =>
          `Seeds ${seeds.join(', ')} were added on ${at.slice(0, 10)}. If the results were known then, p is too small.`,
      ),
    ...(older > 0
      ? [
          `${counted(older, 'run')} began before the plan was made. If the results were known then, p is too small.`,
        ]
      : []),
  ];
}

/** Reads the rows of runs as far as they are, also of runs that go on, and of different length or data. See `readResults`. */
export function readProgress(runsDirectory: string, names: readonly string[]): Results<RunRows> {
  return readWith(readRows, runsDirectory, names);
}
