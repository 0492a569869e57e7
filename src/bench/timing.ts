/** @file Times a function reliably: warm-up, repeats that are long enough for the clock, median and range. */

import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

/** Milliseconds per call. */
export interface Timing {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly repeats: number;
  /** The number of calls in a repeat. */
  readonly calls: number;
}

/** Options of a measurement. */
export interface Pace {
  /** The number of repeats. */
  readonly repeats?: number;
  /** The minimum duration of a repeat, and of the warm-up. */
  readonly repeatMs?: number;
  /** Waits for the work that the calls of a repeat started; its time counts. */
  readonly finish?: () => unknown;
  /** Returns the time in milliseconds. */
  readonly now?: () => number;
  /** Checked between repeats; when aborted, its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Times a function by calling it repeatedly. If it returns a promise, the next call waits for it. */
export async function measure(
  run: () => unknown,
  { repeats = 7, repeatMs = 150, finish, now = () => performance.now(), signal }: Pace = {},
): Promise<Timing> {
  const time = async (calls: number): Promise<number> => {
    await yieldToEventLoop(); // signals are handled here
    signal?.throwIfAborted();
    const started = now();
    for (let call = 0; call < calls; call++) {
      const pending = run();
      if (pending instanceof Promise) await pending; // a function that is not asynchronous pays for no turn of the queue
    }
    await finish?.();
    return now() - started;
  };
  let calls = 1;
  for (let warm = 0; warm < repeatMs; ) {
    const elapsed = await time(calls);
    warm += elapsed;
    calls = Math.max(1, Math.ceil((calls * repeatMs) / Math.max(elapsed, 0.01)));
  }
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) times.push((await time(calls)) / calls);
  return { median: median(times), min: Math.min(...times), max: Math.max(...times), repeats, calls };
}

/** The median of numbers; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return (low + high) / 2;
}
