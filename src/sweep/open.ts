/** @file From a sweep file to its plan: the frozen one if the sweep was begun, else a new one. Writes nothing. */

import { join } from 'node:path';
import type { Config } from '../config.js';
import { type Dataset, readDataset } from '../data/mnist.js';
import { type Choice, chooseBackend, continuable } from '../engines/select.js';
import { UserError } from '../errors.js';
import { readSweepFile, type Sweep } from './grid.js';
import { type DecidedArm, differenceFrom, freeze, type Plan, readPlan } from './plan.js';

export interface OpenedSweep {
  readonly plan: Plan;
  readonly directory: string;
  /** Whether the sweep was begun before. */
  readonly begunBefore: boolean;
  readonly dataset: Dataset;
  /** What computes, for each backend that the arms name; with the reason if it was chosen. */
  readonly choices: readonly Choice[];
}

/**
 * @param path of the sweep file
 * @param change adapts what the file says, by flags
 * @throws {UserError} E_CONFIG for a bad file; E_RUN if the file is not what was planned; E_BACKEND, E_DATA
 */
export async function openSweep(
  path: string,
  runsDirectory: string,
  change: Partial<Pick<Config, 'backend' | 'device'>> = {},
): Promise<OpenedSweep> {
  const file = readSweepFile(path);
  const asked: Sweep = {
    ...file,
    arms: file.arms.map((arm) => ({ ...arm, config: { ...arm.config, ...change } })),
  };
  const directory = join(runsDirectory, asked.name);
  const before = readPlan(directory);
  const dataset = readDataset(asked.arms[0].config.data);
  const { arms, choices } = await decideBackends(asked, before);
  const planned = freeze({ ...asked, arms }, dataset.checksums, new Date().toISOString());
  const difference = before && differenceFrom(before, planned);
  if (difference) {
    throw new UserError('E_RUN', `${path} has ${difference}, which is not the plan in ${directory}.`, {
      hint: 'Give the file another `name`, or sweep into another folder with `--runs DIR`. More seeds: `--add-seeds N`.',
    });
  }
  const { data } = asked.arms[0].config;
  // Where the data lies is no part of a plan: the folder may have been moved, or be another machine's.
  const plan = before && {
    ...before,
    arms: before.arms.map((arm) => ({ ...arm, config: { ...arm.config, data } })),
  };
  return { plan: plan ?? planned, directory, begunBefore: before !== null, dataset, choices };
}

/** Decides the backend of every arm; what a plan decided before stays. */
async function decideBackends(
  sweep: Sweep,
  plan: Plan | null,
): Promise<{ arms: DecidedArm[]; choices: Choice[] }> {
  const chosen = new Map<string, Promise<Choice>>();
  const choose = ({ backend, device }: Pick<Config, 'backend' | 'device'>): Promise<Choice> => {
    const key = `${backend} ${device}`;
    const choice = chosen.get(key) ?? chooseBackend({ backend, device });
    chosen.set(key, choice);
    return choice;
  };
  const arms: DecidedArm[] = [];
  for (const arm of sweep.arms) {
    const before = plan?.arms.find(({ name }) => name === arm.name)?.config;
    const wanted = arm.config.backend === 'auto' && before ? await continuable(before) : arm.config;
    const { backend, device, arithmetic } = await choose(wanted);
    arms.push({ ...arm, config: { ...arm.config, backend, device }, arithmetic });
  }
  return { arms, choices: await Promise.all(chosen.values()) };
}
