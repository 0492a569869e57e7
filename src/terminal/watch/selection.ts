/** @file The runs that the user has chosen, in their order, and the curves of these runs. */

import { group } from 'd3-array';
import { UserError } from '../../errors.js';
import { type Column, type Curves, curvesOf } from '../../figures/curves.js';
import type { Arm, RunRows } from '../../results/arm.js';
import { sortedBy } from '../../results/list-query.js';
import type { Watched, WatchedRun } from '../../results/watched.js';
import type { WatchState } from './state.js';

/** A curve: the runs of an arm or, where one arm is chosen, a run of it. */
export interface Line {
  /** Unique. */
  readonly name: string;
  /** The name in the legend. */
  readonly label: string;
  readonly runs: readonly WatchedRun[];
}

/** What is shown. */
export interface Selection {
  /** The names of all arms. */
  readonly arms: readonly string[];
  /** The chosen arm; null for all arms, also if the chosen one has disappeared. */
  readonly arm: string | null;
  /** The runs of the chosen arm, in the chosen order. */
  readonly runs: readonly WatchedRun[];
  /** In an order that does not depend on that of the table. */
  readonly lines: readonly Line[];
}

/** The runs and curves that are shown in a state. */
export function selectionOf(
  { runs }: Watched,
  state: Pick<WatchState, 'arm' | 'sort' | 'reverse'>,
): Selection {
  const byArm = group(runs, (run) => run.arm);
  const arm = state.arm !== null && byArm.has(state.arm) ? state.arm : null;
  const chosen = arm === null ? runs : (byArm.get(arm) ?? []);
  const lines =
    arm === null
      ? [...byArm].map(([name, members]): Line => ({ name, label: name, runs: members }))
      : chosen.map((run): Line => ({ name: run.name, label: `seed ${run.run.config.seed}`, runs: [run] }));
  const sorted = sortedBy(chosen, state.sort, state.reverse) as WatchedRun[];
  return { arms: [...byArm.keys()], arm, runs: sorted, lines };
}

/** The curves of a column, without bands; null if no run has a value. */
export function curvesOfLines(lines: readonly Line[], column: Column): Curves | null {
  try {
    return curvesOf(lines.map(armOf), [column], 'range');
  } catch (error) {
    if (error instanceof UserError) return null; // no run has rows, or no row has a finite value
    throw error;
  }
}

/** A line as an arm. All its runs have groups of the same steps. */
function armOf({ name, runs }: Line): Arm<RunRows> {
  const width = Math.max(1, ...runs.map(({ steps }) => steps.width));
  const rows = runs.map(({ run, steps, epochs }) => ({
    seed: run.config.seed,
    steps: steps.rows(width),
    epochs,
  }));
  const config = runs[0]?.run.config;
  if (config === undefined) throw new Error(`${name} has no runs`);
  return { name, config: { ...config, logEvery: width }, runs: rows };
}
