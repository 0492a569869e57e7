/** @file The plan of a sweep on the page. It is read again only when its file has changed. */

import { join } from 'node:path';
import { stateOf } from '../runs/file-state.js';
import { PLAN_FILE } from '../runs/find.js';
import { type Plan, plannedRuns, readPlan } from '../sweep/plan.js';
import { attempt } from './attempt.js';

/** A sweep of the page. */
export interface SweepState {
  readonly folder: string;
  /** Null if it cannot be read. */
  readonly plan: Plan | null;
  /** Why it cannot be read. */
  readonly problem: string | null;
  /** The names of its arms by fingerprint. */
  readonly arms: ReadonlyMap<string, string>;
  /** The number of its runs. */
  readonly planned: number;
  /** The state of its file when it was read. */
  readonly state: string;
}

/** Reads the plan of a sweep, unless it is as before. */
export function readSweep(folder: string, before: SweepState | undefined): SweepState {
  const state = stateOf(join(folder, PLAN_FILE));
  if (before?.folder === folder && before.state === state) return before;
  const read = attempt(() => readPlan(folder));
  const plan = 'value' in read ? read.value : null;
  return {
    folder,
    plan,
    problem: 'problem' in read ? read.problem : null,
    arms: new Map(plan?.arms.map(({ name, fingerprint }) => [fingerprint, name])),
    planned: plan ? plannedRuns(plan).length : 0,
    state,
  };
}
