/** @file The signals that stop a run in order, with a checkpoint. */

/**
 * Each with the exit code that it leads to: 128 and its number, but 75, "try again", for the two that batch systems send
 * before they take a machine away.
 */
export const STOP_SIGNALS = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGQUIT: 131,
  SIGTERM: 143,
  SIGUSR1: 75,
  SIGUSR2: 75,
  SIGXCPU: 152,
} as const satisfies Partial<Record<NodeJS.Signals, number>>;

export type StopSignal = keyof typeof STOP_SIGNALS;

/**
 * Calls back for each of these signals that arrives. To be called first of all.
 *
 * @param stop is given the signal; see `STOP_SIGNALS` for its exit code
 */
export function onStopSignal(stop: (signal: StopSignal) => void): void {
  // A file that reaches the limit of its size is then an error of the write, and does not end the process without a word.
  process.on('SIGXFSZ', () => {});
  for (const signal of Object.keys(STOP_SIGNALS) as StopSignal[]) process.on(signal, () => stop(signal));
}
