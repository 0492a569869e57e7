/** @file The plans of watched sweeps: the names of the arms, and the runs that have not started. */

import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.js';
import { PLAN_FILE } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';
import { type Plan, plannedRuns, readPlan } from '../sweep/plan.js';
import { armNames } from './arm-names.js';

/** The plan of a sweep, or the reason why it cannot be read; null if there is none. */
export type PlanFile = Plan | UserError | null;

/** Reads plans by the folders of their sweeps, each again only when its file has changed. */
export function createPlanReader(): (sweep: string) => PlanFile {
  const known = new Map<string, { readonly stamp: string; readonly plan: PlanFile }>();
  return (sweep) => {
    const stat = statSync(join(sweep, PLAN_FILE), { throwIfNoEntry: false });
    const stamp = `${stat?.ino} ${stat?.size} ${stat?.mtimeMs}`;
    const before = known.get(sweep);
    if (before?.stamp === stamp) return before.plan;
    const plan = planIn(sweep);
    known.set(sweep, { stamp, plan });
    return plan;
  };
}

function planIn(sweep: string): PlanFile {
  try {
    return readPlan(sweep);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

/** The number of planned runs that have no folder yet. */
export function waitingIn(sweep: string, plan: PlanFile, directories: ReadonlySet<string>): number {
  if (plan === null || plan instanceof UserError) return 0;
  return plannedRuns(plan).filter(({ id }) => !directories.has(join(sweep, id))).length;
}

/**
 * The name of each run's arm: that in the plan, after the name of the sweep if there are several; for a run without a plan,
 * the name that `armNames` makes from its config.
 */
export function namesOfArms(
  runs: readonly FoundRun[],
  plans: ReadonlyMap<string, PlanFile>,
): ReadonlyMap<FoundRun, string> {
  const planned = ({ directory, record }: FoundRun): string | null => {
    const sweep = dirname(directory);
    const plan = plans.get(sweep);
    if (!plan || plan instanceof UserError) return null;
    const arm = plan.arms.find(({ fingerprint }) => fingerprint === record.fingerprint);
    return arm === undefined ? null : plans.size > 1 ? `${basename(sweep)} ${arm.name}` : arm.name;
  };
  const loose = runs.filter((run) => planned(run) === null);
  const samples = new Map(loose.map((run) => [run.record.fingerprint, run])); // all runs of an arm have one fingerprint
  const made = armNames([...samples.values()]);
  return new Map(
    runs.map((run) => {
      const sample = samples.get(run.record.fingerprint);
      return [run, planned(run) ?? (sample && made.get(sample)) ?? run.record.run_id];
    }),
  );
}
