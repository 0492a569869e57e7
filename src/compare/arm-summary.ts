/** @file What a comparison says of one arm: its accuracy, its loss, how soon it learnt, how many runs diverged. */

import type { Arm, ArmRun } from '../results/arm.js';
import type { StepRow } from '../runs/metrics.js';
import { rowsWithin } from './bins.js';
import { mean, median, standardDeviation } from './stats.js';

/** Training accuracies whose steps are reported. */
export const LEVELS = [0.9, 0.95, 0.97] as const;
/** Training accuracy is averaged over so many steps before it is held against a level. */
export const WINDOW_STEPS = 100;

/** Mean and spread over runs. */
export interface Spread {
  /** How many runs it is over. */
  readonly n: number;
  readonly mean: number;
  /** Standard deviation; null of one run. */
  readonly sd: number | null;
}

/** One arm, as the table and `--format json` show it. */
export interface ArmSummary {
  readonly name: string;
  /** Number of runs. */
  readonly n: number;
  /** Runs that diverged count with the accuracy of guessing. Null without runs. */
  readonly test_accuracy: Spread | null;
  /** Over the runs that have one. */
  readonly val_loss: Spread | null;
  /** By level. */
  readonly steps_to: readonly {
    readonly accuracy: number;
    /** Over all runs, those that never reached it counted as infinitely late: null if half or more did not. */
    readonly median: number | null;
    /** How many runs reached it. */
    readonly reached: number;
  }[];
  readonly diverged: number;
  /** Mean over runs. */
  readonly seconds: number | null;
}

/** Sums an arm up. */
export function summariseArm({ name, runs }: Arm): ArmSummary {
  const steps = runs.map((run: ArmRun) => stepsTo(run.steps, LEVELS));
  // The last validation of a run that diverged was before it did.
  const losses = runs.flatMap(({ status, summary }) =>
    status === 'completed' && summary.val_loss !== null ? [summary.val_loss] : [],
  );
  return {
    name,
    n: runs.length,
    test_accuracy: spread(runs.map((run) => run.testAccuracy)),
    val_loss: spread(losses),
    steps_to: LEVELS.map((accuracy, level) => {
      const reached = steps.map((run) => run[level]);
      const middle = median(reached);
      return {
        accuracy,
        median: Number.isFinite(middle) ? middle : null,
        reached: reached.filter(Number.isFinite).length,
      };
    }),
    diverged: runs.filter((run) => run.status === 'diverged').length,
    seconds: runs.length === 0 ? null : mean(runs.map((run) => run.summary.seconds)),
  };
}

function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sd = values.length < 2 ? null : standardDeviation(values);
  return { n: values.length, mean: mean(values), sd };
}

/**
 * The step at which a run had learnt so much: the first row at which the mean training accuracy over the last
 * `WINDOW_STEPS` steps reaches a level.
 *
 * @param rows of steps.csv
 * @returns a step a level; `Infinity` for never
 */
export function stepsTo(rows: readonly StepRow[], levels: readonly number[]): number[] {
  const means = windowMeans(rows);
  return levels.map((level) => {
    const row = means.findIndex((value) => value !== null && value >= level - 1e-12); // 0.9 ten times sums to less
    return row < 0 ? Number.POSITIVE_INFINITY : (rows[row].step ?? Number.POSITIVE_INFINITY);
  });
}

/** Mean accuracy of the `WINDOW_STEPS` steps up to each row; null while there are fewer. */
function windowMeans(rows: readonly StepRow[]): (number | null)[] {
  const cells = rows.map(({ step, accuracy }) => ({ step: step ?? Number.NaN, value: accuracy }));
  return cells.map(({ step }, last) => {
    const start = step - WINDOW_STEPS;
    if (!(start >= 0)) return null;
    const sum = rowsWithin(cells, last, start).reduce(
      (total, { value, steps }) => total + (value ?? Number.NaN) * steps,
      0,
    );
    return sum / WINDOW_STEPS;
  });
}
