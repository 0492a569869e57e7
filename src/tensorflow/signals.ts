/**
 * @file Keeps signals off this thread while TensorFlow computes on it. Koffi runs C functions on a stack of its own, and a
 * signal that was handled there corrupted the heap in 2 of 30 runs that were stopped; on another thread, in none of 45.
 */

import { constants } from 'node:os';
import koffi from 'koffi';
import { STOP_SIGNALS, type StopSignal } from '../signals.js';

const SIG_BLOCK = 0;
/** A `sigset_t` is 1024 bits. */
const WORDS = 16;

/** From now on one of Node's other threads takes the signals that stop a run; listeners hear of them as before. */
export function leaveSignalsToOthers(): void {
  const set = new BigUint64Array(WORDS);
  for (const name of Object.keys(STOP_SIGNALS) as StopSignal[]) {
    set[0] |= 1n << BigInt(constants.signals[name] - 1);
  }
  const mask = koffi.load(null).func('int pthread_sigmask(int how, const uint64_t *set, void *before)');
  mask(SIG_BLOCK, set, null);
}
