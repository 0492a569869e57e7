/** @file When runs will end, by their speed so far. */

/** A run that is training, or has ended. */
export interface Progress {
  readonly isRunning: boolean;
  readonly step: number;
  /** Null if it is unknown. */
  readonly totalSteps: number | null;
  /** Steps per second; null if it is unknown. */
  readonly speed: number | null;
}

/** What the speed is computed from. */
type Timed = { readonly step: number | null; readonly elapsed_seconds: number | null };

/** The steps per second between two rows of a run; null unless both steps and time lie between them. */
export function speedBetween(earlier: Timed | undefined, later: Timed | undefined): number | null {
  const steps = (later?.step ?? 0) - (earlier?.step ?? 0);
  const seconds = (later?.elapsed_seconds ?? 0) - (earlier?.elapsed_seconds ?? 0);
  return steps > 0 && seconds > 0 ? steps / seconds : null;
}

/**
 * The estimated seconds until the running and the waiting runs end, if as many runs train at a time as now. A run whose speed
 * is not known yet counts with the mean speed of the others.
 *
 * @param waiting the number of runs that have not started
 * @returns null if no run is training, or no speed is known
 */
export function secondsToEnd(runs: readonly Progress[], waiting: number): number | null {
  const running = runs.filter(({ isRunning }) => isRunning);
  const usual = mean(running.flatMap(({ speed }) => speed ?? []));
  if (usual === null) return null;
  const speeds = running.map(({ speed }) => speed ?? usual);
  const length = mean(runs.flatMap(({ totalSteps }) => totalSteps ?? [])) ?? 0;
  const left = running.map(stepsLeft);
  const longest = Math.max(...left.map((steps, index) => steps / (speeds[index] ?? usual)));
  return Math.max(longest, (sum(left) + waiting * length) / sum(speeds));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Null without values. */
function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}

function stepsLeft({ step, totalSteps }: Progress): number {
  return Math.max(0, (totalSteps ?? step) - step);
}
