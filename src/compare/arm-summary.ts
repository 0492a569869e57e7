/** @file Summarises an arm for the table: accuracy, loss, speed of learning, and the number of diverged runs. */

import type { Arm } from '../results/arm.js';
import type { StepRow } from '../runs/metrics.js';
import { rowsWithin } from './bins.js';
import { mean, median, standardDeviation } from './stats.js';

/** Levels of training accuracy for "steps to accuracy". */
export const LEVELS = [0.9, 0.95, 0.97] as const;
/** The number of steps over which training accuracy is averaged before it is compared with a level. */
export const WINDOW_STEPS = 100;

/** Mean and standard deviation over runs. */
export interface Spread {
  /** The number of runs. */
  readonly n: number;
  readonly mean: number;
  /** Null for one run. */
  readonly sd: number | null;
}

/** The summary of an arm, as tables and `--format json` show it. */
export interface ArmSummary {
  readonly name: string;
  /** The number of runs. */
  readonly n: number;
  /** Diverged runs count with the chance level. Null without runs. */
  readonly test_accuracy: Spread | null;
  /** Over completed runs, because the last validation of a diverged run came before the divergence. */
  readonly val_loss: Spread | null;
  /** One entry per level. */
  readonly steps_to: readonly {
    readonly accuracy: number;
    /** Over all runs, where a run that never reached the level counts as infinity: null if half or more never did. */
    readonly median: number | null;
    /** The number of runs that reached it. */
    readonly reached: number;
  }[];
  readonly diverged: number;
  /** Mean duration of a run. */
  readonly seconds: number | null;
}

/** Summarises an arm. */
export function summariseArm({ name, runs }: Arm): ArmSummary {
  const losses = runs.flatMap(({ status, summary }) =>
    status === 'completed' && summary.val_loss !== null ? [summary.val_loss] : [],
  );
  return {
    name,
    n: runs.length,
    test_accuracy: spread(runs.map((run) => run.testAccuracy)),
    val_loss: spread(losses),
    steps_to: LEVELS.map((accuracy) => {
      const reached = runs.map(({ steps }) => stepsTo(steps, accuracy));
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
 * The first step at which the mean training accuracy over the last `WINDOW_STEPS` steps reaches a level.
 *
 * @param rows of steps.csv
 * @returns `Infinity` if it never does
 */
export function stepsTo(rows: readonly StepRow[], level: number): number {
  const cells = rows.map(({ step, accuracy }) => ({ step: step ?? Number.NaN, value: accuracy }));
  const reached = cells.find(({ step }, last) => {
    const start = step - WINDOW_STEPS;
    if (!(start >= 0)) return false;
    const sum = rowsWithin(cells, last, start).reduce(
      (total, { value, steps }) => total + (value ?? Number.NaN) * steps,
      0,
    );
    return sum / WINDOW_STEPS >= level - 1e-12; // rounding: the sum of ten times 0.9 is less than 9
  });
  return reached?.step ?? Number.POSITIVE_INFINITY;
}
