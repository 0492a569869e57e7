/** @file The plans of watched sweeps: the names of the arms, and the runs that have not started. */

import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.js';
import { stateOf } from '../runs/file-state.js';
import { PLAN_FILE } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';
import { type Plan, plannedRuns, readPlan } from '../sweep/plan.js';
import { armNames } from './arm-names.js';

/** The plan of a sweep, or the reason why it cannot be read; null if there is none. */
export type PlanFile = Plan | UserError | null;

/** Reads plans by the folders of their sweeps, each again only when its file has changed. */
export function createPlanReader(): (sweep: string) => PlanFile {
  const known = new Map<string, { readonly state: string; readonly plan: PlanFile }>();
  return (sweep) => {
    const state = stateOf(join(sweep, PLAN_FILE));
    const before = known.get(sweep);
    if (before?.state === state) return before.plan;
    const plan = planIn(sweep);
    known.set(sweep, { state, plan });
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

/** The arms of runs. */
export interface NamedArms {
  /** The names: arms of plans in their order, also those without runs, then the others in the order of their first run. */
  readonly names: readonly string[];
  /** The name of the arm of each run. */
  readonly of: ReadonlyMap<FoundRun, string>;
}

/**
 * Names the arms of runs: as in the plan, or by `armNames` without a plan. If there are several sweeps, or a sweep and runs
 * beside it, the names of planned arms begin with that of the sweep. A run in the folder of the only sweep, which the plan
 * does not list, such as one from `extend`, has a name that differs from those of the plan.
 *
 * @param plans by the folders of the sweeps
 */
export function nameArms(runs: readonly FoundRun[], plans: ReadonlyMap<string, PlanFile>): NamedArms {
  const arms = [...plans].flatMap(([sweep, plan]) =>
    plan === null || plan instanceof UserError ? [] : plan.arms.map((arm) => ({ sweep, ...arm })),
  );
  const planned = new Map(arms.map((arm) => [join(arm.sweep, arm.fingerprint), arm]));
  const armOf = ({ directory, record }: FoundRun) =>
    planned.get(join(dirname(directory), record.fingerprint));
  const loose = runs.filter((run) => armOf(run) === undefined);
  const samples = new Map(loose.map((run) => [run.record.fingerprint, run])); // all runs of an arm have one fingerprint
  const isAlone = plans.size === 1 && loose.every(({ directory }) => plans.has(dirname(directory)));
  const compared = isAlone ? runs.filter((run) => armOf(run) !== undefined) : [];
  const others = new Map(compared.map((run) => [run.record.fingerprint, run]));
  const made = armNames([...others.values(), ...samples.values()]);
  const planName = ({ sweep, name }: { readonly sweep: string; readonly name: string }): string =>
    isAlone ? name : `${basename(sweep)} ${name}`;
  const planNames = new Set(arms.map(planName));
  const nameOf = (run: FoundRun): string => {
    const arm = armOf(run);
    const sample = samples.get(run.record.fingerprint);
    if (arm) return planName(arm);
    const name = sample && made.get(sample);
    return name === undefined || planNames.has(name) ? run.record.run_id : name;
  };
  const of = new Map(runs.map((run) => [run, nameOf(run)]));
  return { names: [...new Set([...planNames, ...of.values()])], of };
}
