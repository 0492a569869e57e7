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
  /** Determines marker and colour. */
  readonly styleIndex: number;
  /** At least one. */
  readonly runs: readonly WatchedRun[];
}

/** What is shown. */
export interface Selection {
  /** The names of the arms that have runs. */
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
  { runs, arms }: Watched,
  state: Pick<WatchState, 'arm' | 'sort' | 'reverse'>,
): Selection {
  const byArm = group(runs, (run) => run.arm);
  const arm = state.arm !== null && byArm.has(state.arm) ? state.arm : null;
  const chosen = arm === null ? runs : (byArm.get(arm) ?? []);
  const lines =
    arm === null
      ? arms.map((name, styleIndex) => ({ name, label: name, styleIndex, runs: byArm.get(name) ?? [] }))
      : sortedBy(chosen, 'seed', false).map((run, styleIndex) => ({
          name: run.name,
          label: `seed ${run.run.config.seed}`,
          styleIndex,
          runs: [run],
        }));
  return {
    arms: arms.filter((name) => byArm.has(name)),
    arm,
    runs: sortedBy(chosen, state.sort, state.reverse),
    lines: lines.filter((line) => line.runs.length > 0),
  };
}

/** The curves of a column, without bands; null if no run has a value. */
export function curvesOfLines(lines: readonly Line[], column: Column): Curves | null {
  try {
    const curves = curvesOf(lines.flatMap(armOf), [column], 'range');
    const styles = new Map(lines.map(({ name, styleIndex }) => [name, styleIndex]));
    const arms = curves.arms.map((arm) => ({ ...arm, styleIndex: styles.get(arm.name) ?? arm.styleIndex }));
    return { ...curves, arms };
  } catch (error) {
    if (error instanceof UserError) return null; // no run has rows, or no row has a finite value
    throw error;
  }
}

/** A line as an arm, whose runs all have rows of the same width. */
function armOf({ name, runs }: Line): Arm<RunRows>[] {
  const width = Math.max(1, ...runs.map(({ steps }) => steps.width));
  return runs.slice(0, 1).map(({ run }) => ({
    name,
    config: { ...run.config, logEvery: width },
    runs: runs.map(({ run: { config }, steps, epochs }) => ({
      seed: config.seed,
      steps: steps.rows(width),
      epochs,
    })),
  }));
}
