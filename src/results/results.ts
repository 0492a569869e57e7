/** @file Reads the arms of a sweep or of single runs. Every excluded run is listed in the notes, with the reason. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { isDirectory } from '../files.js';
import { findRun, isSweep, listRuns, withoutFiles } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';
import { type Plan, readPlan } from '../sweep/plan.js';
import { plural } from '../text/plural.js';
import type { Arm, ArmRun, RunRows } from './arm.js';
import { dataKey, lengthOf } from './arm-names.js';
import { groupByPlan, groupLooseRuns, type RunGroup, readArms } from './group-runs.js';
import { type Reader, readResult, readRows } from './read-run.js';

/** Runs as arms. */
export interface Results<Run extends RunRows = ArmRun> {
  /** The name of the sweep, or a description of the runs. */
  readonly title: string;
  readonly plan: Plan | null;
  /** The folder for files made from the runs: the folder of the sweep or of the only run; otherwise null. */
  readonly directory: string | null;
  readonly arms: readonly Arm<Run>[];
  /** Pairs of arm names that the plan declares. */
  readonly comparisons: readonly (readonly [string, string])[];
  /** Sentences about excluded runs and about limits of the comparison. */
  readonly notes: readonly string[];
  /** The runs that belong to the arms. */
  readonly found: readonly FoundRun[];
}

/**
 * Reads the results of a sweep, or of runs.
 *
 * @param names one sweep (its folder or name), or runs and folders of runs
 * @throws {UserError} E_RUN if there are none, or a plan was changed; E_DATA if the runs are not comparable
 */
export function readResults(runsDirectory: string, names: readonly string[]): Results {
  const read = readWith(readResult, runsDirectory, names);
  requireComparable(read);
  const results = { ...read, notes: [...read.notes, ...declarationNotes(read)] };
  if (results.arms.some(({ runs }) => runs.length > 0)) return results;
  const message = `No run in ${names.join(', ')} has a result yet. ${results.notes.join(' ')}`;
  throw new UserError('E_RUN', message.trim(), {
    hint: 'Finish the runs with `wnlstm sweep FILE` or `wnlstm resume RUN`.',
  });
}

/** Reads the rows of runs, finished or not, of any lengths and data. See `readResults`. */
export function readLoggedRuns(runsDirectory: string, names: readonly string[]): Results<RunRows> {
  return readWith(readRows, runsDirectory, names);
}

/**
 * Reads runs with a reader of one's own. See `readResults`.
 *
 * @param reader reads a run, or returns why it is excluded
 */
export function readWith<Run extends RunRows>(
  reader: Reader<Run>,
  runsDirectory: string,
  paths: readonly string[],
): Results<Run> {
  const names = withoutFiles(paths);
  const folders = names.map((name) => (isSweep(name) ? name : join(runsDirectory, name)));
  const sweep = folders.find(isSweep);
  if (sweep !== undefined && names.length > 1) {
    throw new UserError('E_USAGE', `Expected one sweep or several runs, got ${names.join(', ')}.`, {
      hint: 'Give one sweep at a time.',
    });
  }
  const notes: string[] = [];
  const plan = sweep === undefined ? null : readPlan(sweep);
  const groups =
    sweep !== undefined && plan
      ? groupByPlan(sweep, plan, notes)
      : groupLooseRuns(names.flatMap((name) => runsOf(runsDirectory, name, notes)));
  const found = groups.flatMap(({ runs }) => runs);
  const [first] = found;
  const only = found.length === 1 && first ? first : null;
  return {
    title: plan?.name ?? only?.record.run_id ?? plural(found.length, 'run'),
    plan,
    directory: plan ? (sweep ?? null) : (only?.directory ?? null),
    arms: readArms(reader, groups, notes),
    comparisons: plan?.comparisons ?? [],
    notes: [...notes, ...(plan ? lengthNotes(groups) : []), ...arithmeticNotes(found)],
    found,
  };
}

/** The run of this name, or all runs in the folder of this name. */
function runsOf(runsDirectory: string, name: string, notes: string[]): FoundRun[] {
  const isFolderOfRuns = isDirectory(name) && !existsSync(join(name, 'run.json'));
  const onDamaged = (error: UserError): void => void notes.push(`Excluded a damaged run: ${error.message}`);
  const inside = isFolderOfRuns ? listRuns(name, onDamaged) : [];
  return inside.length > 0 ? inside : [findRun(runsDirectory, name)];
}

/** A plan may compare lengths on purpose, so different lengths are only noted. */
function lengthNotes(groups: readonly RunGroup[]): string[] {
  const lengths = new Set(groups.map(({ config }) => lengthOf(config)));
  return lengths.size > 1 ? [`The arms have different lengths: ${[...lengths].join(', ')}.`] : [];
}

function arithmeticNotes(found: readonly FoundRun[]): string[] {
  const arithmetics = [...new Set(found.map(({ record }) => record.arithmetic))].sort();
  if (arithmetics.length <= 1) return [];
  return [
    `The runs use different arithmetic (${arithmetics.join(', ')}): results differ in the last bits, and at a high learning rate complete curves differ.`,
  ];
}

/** Test accuracies after different numbers of steps, or on different images, are not comparable. */
function requireComparable({ plan, arms, found }: Results): void {
  const lengths = new Set(arms.map(({ config }) => lengthOf(config)));
  if (!plan && lengths.size > 1) {
    throw notComparable(`The runs have different lengths: ${[...lengths].join(', ')}.`);
  }
  const data = new Set(found.map(({ record }) => dataKey(record)));
  if (data.size > 1) throw notComparable(`The runs use ${data.size} different data sets.`);
}

function notComparable(message: string): UserError {
  return new UserError('E_DATA', message, {
    hint: 'Name one sweep, or runs of equal length and data (`wnlstm ls` lists them). `wnlstm plot` can draw different runs together.',
  });
}

/** Notes on when the comparisons were declared, because later declarations make p too small. */
function declarationNotes({ plan, found }: Results): string[] {
  if (!plan) return ['No comparison was declared before these runs, so there are no p-values.'];
  const ifKnown = 'If the results were known at that time, p is too small.';
  const older = found.filter(({ record }) => record.started_at < plan.created_at).length;
  return [
    ...plan.added
      .filter(({ at }) => at > plan.created_at)
      .map(({ at, seeds }) => `${addedSeeds(seeds, at)}, after the plan was made. ${ifKnown}`),
    ...(older > 0 ? [`${plural(older, 'run')} started before the plan was made. ${ifKnown}`] : []),
  ];
}

/** "Seeds 8, 9 were added on 2026-11-24" */
export function addedSeeds(seeds: readonly number[], at: string): string {
  return `${seeds.length === 1 ? 'Seed' : 'Seeds'} ${seeds.join(', ')} ${seeds.length === 1 ? 'was' : 'were'} added on ${at.slice(0, 10)}`;
}
