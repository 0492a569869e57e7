/**
 * @file Blocks signals on this thread while TensorFlow runs on it. Koffi runs C functions on a separate stack; handling a
 * signal on it corrupted the heap in 2 of 30 stopped runs, and on another thread in none of 45.
 */

import { constants } from 'node:os';
import koffi from 'koffi';
import { STOP_SIGNALS, type StopSignal } from '../signals.js';

const SIG_BLOCK = 0;
/** A `sigset_t` is 1024 bits. */
const WORDS = 16;

/** Makes another thread of Node handle the signals that stop a run. Listeners are called as before. */
export function leaveSignalsToOthers(): void {
  const set = new BigUint64Array(WORDS);
  const names = Object.keys(STOP_SIGNALS) as StopSignal[];
  set[0] = names.reduce((bits, name) => bits | (1n << BigInt(constants.signals[name] - 1)), 0n);
  const mask = koffi.load(null).func('int pthread_sigmask(int how, const uint64_t *set, void *before)');
  mask(SIG_BLOCK, set, null);
}
