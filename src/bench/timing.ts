/** @file Timing that can be trusted: warm-up, repeats long enough for the clock, median and spread. */

/** Milliseconds a call. */
export interface Timing {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly repeats: number;
  /** Calls a repeat. */
  readonly calls: number;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/**
 * Times a function.
 *
 * @param run called again and again
 * @param repeats how many times are taken
 * @param repeatMs how long each lasts at least; as long is spent on warming up
 * @param now a clock in milliseconds
 */
export const measure = (
  run: () => void,
  repeats = 7,
  repeatMs = 150,
  now: () => number = () => performance.now(),
): Timing => {
  const time = (calls: number): number => {
    const started = now();
    for (let call = 0; call < calls; call++) run();
    return now() - started;
  };
  let calls = 1;
  for (let warm = 0; warm < repeatMs; ) {
    const elapsed = time(calls);
    warm += elapsed;
    calls = Math.max(1, Math.ceil((calls * repeatMs) / Math.max(elapsed, 0.01)));
  }
  const times = Array.from({ length: repeats }, () => time(calls) / calls);
  return { median: median(times), min: Math.min(...times), max: Math.max(...times), repeats, calls };
};
