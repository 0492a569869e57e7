/** @file Opens a sweep: its file, its plan, and the runs that have no result yet. Writes no file. */

import { join } from 'node:path';
import type { Config } from '../config.js';
import { type Dataset, readDataset } from '../data/mnist.js';
import { type Choice, chooseBackend, chooseToContinue, chooseUnchecked } from '../engines/select.js';
import { UserError } from '../errors.js';
import { readResult } from '../runs/reading.js';
import type { Summary } from '../runs/record.js';
import { readSweepFile, type Sweep } from './grid.js';
import {
  addSeeds,
  type DecidedArm,
  differenceFrom,
  freeze,
  type Plan,
  type PlannedRun,
  plannedRuns,
  readPlan,
} from './plan.js';

/** A sweep file and the folder of its runs. */
export interface SweepFile {
  /** The file as the user named it. */
  readonly name: string;
  readonly sweep: Sweep;
  readonly directory: string;
}

/** A sweep that is ready to run. */
export interface OpenedSweep {
  readonly plan: Plan;
  readonly directory: string;
  /** Whether the plan existed before. */
  readonly startedBefore: boolean;
  readonly dataset: Dataset;
  /** The backends of the arms. */
  readonly choices: readonly Choice[];
  readonly runs: readonly PlannedRun[];
  readonly results: ReadonlyMap<PlannedRun, Summary>;
  /** The runs that have no result yet. */
  readonly left: readonly PlannedRun[];
}

/**
 * Reads a sweep file.
 *
 * @param name the file as the user named it
 * @param change values of flags, which replace those of the file
 * @throws {UserError} E_CONFIG if the file is not valid
 */
export function findSweep(
  name: string,
  path: string,
  runsDirectory: string,
  change: Partial<Pick<Config, 'backend' | 'device'>> = {},
): SweepFile {
  const file = readSweepFile(path);
  const arms = file.arms.map((arm) => ({ ...arm, config: { ...arm.config, ...change } }));
  return { name, sweep: { ...file, arms }, directory: join(runsDirectory, file.name) };
}

/**
 * Opens a sweep.
 *
 * @param moreSeeds the number of seeds to add to the plan
 * @param elsewhere whether other machines compute it, so that its GPU need not be here
 * @throws {UserError} E_RUN if the file differs from the plan in the folder; E_BACKEND, E_DATA
 */
export async function openSweep(
  { name, sweep, directory }: SweepFile,
  moreSeeds: number | undefined,
  elsewhere = false,
): Promise<OpenedSweep> {
  const earlier = readPlan(directory);
  const data = sweep.arms[0]?.config.data ?? null;
  const dataset = readDataset(data);
  const { arms, choices } = await decideBackends(sweep, earlier, elsewhere);
  const now = new Date().toISOString();
  const planned = freeze({ ...sweep, arms }, dataset.checksums, now);
  const difference = earlier && differenceFrom(earlier, planned);
  if (difference) {
    throw new UserError('E_RUN', `${name} differs from the plan in ${directory}: it has ${difference}.`, {
      hint: 'Give the file another `name`, or use another folder with `--runs DIR`. To add seeds, use `--add-seeds N`.',
    });
  }
  const plan = earlier ? withData(earlier, data) : planned;
  const withSeeds = moreSeeds === undefined ? plan : addSeeds(plan, moreSeeds, now);
  const runs = plannedRuns(withSeeds);
  const results = resultsOf(runs, directory);
  return {
    plan: withSeeds,
    directory,
    startedBefore: earlier !== null,
    dataset,
    choices,
    runs,
    results,
    left: runs.filter((run) => !results.has(run)),
  };
}

/** Decides the backend of every arm. Arms with `auto` keep the backend that the earlier plan decided. */
async function decideBackends(
  sweep: Sweep,
  earlier: Plan | null,
  elsewhere: boolean,
): Promise<{ arms: DecidedArm[]; choices: Choice[] }> {
  const choices = new Map<string, Choice>();
  const arms: DecidedArm[] = [];
  for (const arm of sweep.arms) {
    const before = earlier?.arms.find(({ name }) => name === arm.name)?.config;
    const { backend, device } = arm.config.backend === 'auto' && before ? before : arm.config;
    const key = `${backend} ${device}`;
    const choice =
      choices.get(key) ??
      (elsewhere ? chooseUnchecked({ backend, device }) : null) ??
      (before && arm.config.backend === 'auto'
        ? await chooseToContinue(before)
        : await chooseBackend(arm.config));
    choices.set(key, choice);
    const config = { ...arm.config, backend: choice.backend, device: choice.device };
    arms.push({ ...arm, config, arithmetic: choice.arithmetic });
  }
  return { arms, choices: [...choices.values()] };
}

/** The folder of the data is not part of a plan's identity, as it may be moved or differ between machines. */
function withData(plan: Plan, data: string | null): Plan {
  return { ...plan, arms: plan.arms.map((arm) => ({ ...arm, config: { ...arm.config, data } })) };
}

function resultsOf(runs: readonly PlannedRun[], directory: string): Map<PlannedRun, Summary> {
  const results = new Map<PlannedRun, Summary>();
  for (const run of runs) {
    const summary = readResult(join(directory, run.id), run.id);
    if (summary) results.set(run, summary);
  }
  return results;
}
