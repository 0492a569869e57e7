/** @file From a sweep or single runs on disk to arms that can be compared, with every exclusion in words. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, configKeys } from '../config.js';
import { UserError } from '../errors.js';
import type { Arm, ArmRun, RunRows } from '../report/arm.js';
import { epochColumns, type Row, readCsv, stepColumns } from '../runs/metrics.js';
import { type FoundRun, findRun, listRuns } from '../runs/run.js';
import { isSweep, type Plan, plannedRuns, readPlan } from './plan.js';

/** Runs that were asked for, as arms. */
export interface Results<Run extends RunRows = ArmRun> {
  /** Of the sweep, or of the runs. */
  readonly title: string;
  readonly plan: Plan | null;
  readonly arms: readonly Arm<Run>[];
  /** Pairs of names that are compared; each arm with the first if nothing was declared. */
  readonly comparisons: readonly (readonly [string, string])[];
  /** What was left out and what to keep in mind, a sentence each. */
  readonly notes: readonly string[];
  /** The runs behind the arms. */
  readonly found: readonly FoundRun[];
}

/** Reads a run, or says why it cannot be used. */
type Reader<Run extends RunRows> = (run: FoundRun) => Run | string;

const readRows: Reader<RunRows> = ({ directory, config }) => {
  const read = <Column extends string>(file: string, columns: readonly Column[]): Row<Column>[] => {
    const path = join(directory, file);
    return existsSync(path) ? readCsv(path, columns) : [];
  };
  try {
    const [epochs, steps] = [read('metrics.csv', epochColumns), read('steps.csv', stepColumns)];
    return { seed: config.seed, epochs, steps };
  } catch (error) {
    if (error instanceof UserError) return `cannot be read: ${error.message.replace(/\.$/, '')}`;
    throw error;
  }
};

const readResult: Reader<ArmRun> = (run) => {
  const { summary, record, status } = run;
  if (!summary || (status !== 'completed' && status !== 'diverged')) return `is ${status}`;
  const rows = readRows(run);
  if (typeof rows === 'string') return rows;
  if (status === 'completed') {
    for (const [file, last] of [
      ['metrics.csv', rows.epochs.at(-1)],
      ['steps.csv', rows.steps.at(-1)],
    ] as const) {
      if (last?.step !== summary.steps) {
        return `has a ${file} that ends at step ${last?.step ?? 0} of ${summary.steps}`;
      }
    }
  }
  const guessing = 1 / (record.data.classes ?? 10); // runs of before it was written down are of MNIST
  const testAccuracy = status === 'diverged' ? guessing : (summary.test_accuracy ?? guessing);
  return { ...rows, id: record.run_id, status, summary, testAccuracy };
};

/** Keys of a config that make no other arm. */
const SHARED: readonly string[] = ['seed', 'threads', 'data'];

/** Names for configs that tell them apart: the model, and the keys in which they differ. */
export const armNames = (configs: readonly Config[]): string[] => {
  const differing = configKeys.filter(
    (key) =>
      key !== 'model' && !SHARED.includes(key) && configs.some((config) => config[key] !== configs[0][key]),
  );
  return configs.map((config) =>
    [config.model, ...differing.map((key) => `${key}=${config[key] ?? 'none'}`)].join(' '),
  );
};

/** Runs by arm, each seed once; what is left out goes into `notes`. */
const collect = <Run extends RunRows>(
  reader: Reader<Run>,
  groups: readonly { readonly name: string; readonly config: Config; readonly runs: readonly FoundRun[] }[],
  notes: string[],
): Arm<Run>[] =>
  groups.map(({ name, config, runs }) => {
    const bySeed = new Map<number, Run>();
    for (const found of runs) {
      const run = reader(found);
      if (typeof run === 'string') notes.push(`Left out: ${found.directory} ${run}.`);
      else if (bySeed.has(run.seed)) notes.push(`Left out: ${found.directory} is the same run again.`);
      else bySeed.set(run.seed, run);
    }
    const sorted = [...bySeed.values()].sort((a, b) => a.seed - b.seed);
    return { name, config: { ...config, seed: sorted[0]?.seed ?? config.seed }, runs: sorted };
  });

const sweepResults = <Run extends RunRows>(
  reader: Reader<Run>,
  directory: string,
  plan: Plan,
): Results<Run> => {
  const notes: string[] = [];
  const damaged = (error: UserError): void => void notes.push(`Left out: ${error.message}`);
  const found = new Map(listRuns(directory, damaged).map((run) => [run.record.run_id, run]));
  const runs = plannedRuns(plan);
  const missing = runs.filter(({ id }) => !found.has(id));
  if (missing.length > 0) {
    notes.push(`${missing.length} of ${runs.length} runs have not been started: \`wnlstm sweep\` does them.`);
  }
  const strangers = [...found.keys()].filter((id) => !runs.some((run) => run.id === id));
  if (strangers.length > 0) notes.push(`Left out, as not planned: ${strangers.join(', ')}.`);
  const arms = collect(
    reader,
    plan.arms.map(({ name, config }) => ({
      name,
      config,
      runs: runs.flatMap(({ arm, id }) => (arm === name ? (found.get(id) ?? []) : [])),
    })),
    notes,
  );
  const lengths = new Set(plan.arms.map(({ config }) => lengthOf(config)));
  if (lengths.size > 1) notes.push(`The arms are of different length: ${[...lengths].join(', ')}.`);
  for (const { at, seeds } of plan.added) {
    notes.push(
      `Seeds ${seeds.join(', ')} were added on ${at.slice(0, 10)}. If the results were known then, p is too small.`,
    );
  }
  return {
    title: plan.name,
    plan,
    arms,
    comparisons: plan.comparisons,
    notes,
    found: [...found.values()].filter(({ record }) => runs.some(({ id }) => id === record.run_id)),
  };
};

const lengthOf = ({ steps, epochs }: Config): string =>
  steps === null ? `${epochs} epochs` : `${steps} steps`;

const refuse = (message: string): UserError =>
  new UserError('E_DATA', message, { hint: 'See `wnlstm ls`, and name runs that belong together.' });

const looseResults = <Run extends RunRows>(
  reader: Reader<Run>,
  found: readonly FoundRun[],
  notes: string[],
): Results<Run> => {
  const groups = new Map<string, FoundRun[]>();
  for (const run of found) {
    groups.set(run.record.fingerprint, [...(groups.get(run.record.fingerprint) ?? []), run]);
  }
  const configs = [...groups.values()].map(([first]) => first.config);
  const lengths = [...new Set(configs.map(lengthOf))];
  if (lengths.length > 1) throw refuse(`These runs are of different length: ${lengths.join(', ')}.`);
  const names = armNames(configs);
  const arms = collect(
    reader,
    [...groups.values()].map((runs, at) => ({ name: names[at], config: configs[at], runs })),
    notes,
  );
  const comparisons = names.slice(1).map((name): [string, string] => [name, names[0]]);
  const title = found.length === 1 ? found[0].record.run_id : `${found.length} runs`;
  return { title, plan: null, arms, comparisons, notes, found };
};

/** Things that make runs hard to compare. */
const cautions = ({ found, plan }: Pick<Results, 'found' | 'plan'>): string[] => {
  const kinds = (of: (run: FoundRun) => string): string[] => [...new Set(found.map(of))];
  const backends = kinds(({ record }) => record.backend);
  const builds = kinds(({ record }) => record.kernel);
  return [
    ...(backends.length > 1
      ? [`Runs of several backends (${backends.join(', ')}): their curves differ by more than rounding.`]
      : builds.length > 1
        ? [`Runs of ${builds.length} builds of the kernel: their last bits differ.`]
        : []),
    ...(plan === null ? ['No plan was made before these runs: choose what to compare before you look.'] : []),
  ];
};

const checkData = (found: readonly FoundRun[]): void => {
  const data = new Set(
    found.map(({ record }) => JSON.stringify(Object.entries(record.data.checksums).sort())),
  );
  if (data.size > 1) throw refuse(`These runs are of ${data.size} different data sets.`);
};

/** Runs that a name means: one run, or all runs in a folder. */
const runsOf = (runsDirectory: string, name: string, notes: string[]): FoundRun[] => {
  const isFolderOfRuns = existsSync(name) && !existsSync(join(name, 'run.json'));
  const damaged = (error: UserError): void => void notes.push(`Left out: ${error.message}`);
  const inside = isFolderOfRuns ? listRuns(name, damaged) : [];
  return inside.length > 0 ? inside : [findRun(runsDirectory, name)];
};

const readWith = <Run extends RunRows>(
  reader: Reader<Run>,
  runsDirectory: string,
  names: readonly string[],
): Results<Run> => {
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
  checkData(results.found);
  return { ...results, notes: [...results.notes, ...cautions(results)] };
};

/**
 * Reads the results of a sweep, or of runs.
 *
 * @param names one sweep (its folder or name), or runs and folders of runs
 * @throws {UserError} E_RUN if there are none, or a plan was changed; E_DATA if runs do not belong together
 */
export const readResults = (runsDirectory: string, names: readonly string[]): Results => {
  const results = readWith(readResult, runsDirectory, names);
  if (results.arms.some(({ runs }) => runs.length > 0)) return results;
  const message = `No run in ${names.join(', ')} has a result yet. ${results.notes.join(' ')}`;
  throw new UserError('E_RUN', message.trim(), {
    hint: 'Go on with them: `wnlstm sweep FILE`, or `wnlstm resume RUN`.',
  });
};

/** Reads the rows of runs as far as they are, also of runs that go on. See `readResults`. */
export const readProgress = (runsDirectory: string, names: readonly string[]): Results<RunRows> => {
  const results = readWith(readRows, runsDirectory, names);
  return { ...results, arms: results.arms.filter(({ runs }) => runs.length > 0) };
};
