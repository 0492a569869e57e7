/** @file Timing that can be trusted: warm-up, repeats long enough for the clock, median and spread. */

import { setImmediate as turn } from 'node:timers/promises';

/** Milliseconds a call. */
export interface Timing {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly repeats: number;
  /** Calls a repeat. */
  readonly calls: number;
}

/** How a function is timed. */
export interface Pace {
  /** How many times are taken. */
  readonly repeats?: number;
  /** How long each lasts at least; as long is spent on warming up. */
  readonly repeatMs?: number;
  /** Waits for what the calls of a repeat have begun; its time counts. */
  readonly finish?: () => void;
  /** A clock in milliseconds. */
  readonly now?: () => number;
  /** Looked at between repeats; when it is aborted, its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Times a function, which is called again and again. */
export async function measure(
  run: () => void,
  { repeats = 7, repeatMs = 150, finish, now = () => performance.now(), signal }: Pace = {},
): Promise<Timing> {
  const time = async (calls: number): Promise<number> => {
    await turn(); // signals arrive here
    signal?.throwIfAborted();
    const started = now();
    for (let call = 0; call < calls; call++) run();
    finish?.();
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

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
