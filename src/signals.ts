/** @file The signals that stop a run after a checkpoint. */

/**
 * The exit code of each signal: 128 plus its number, or 75 (EX_TEMPFAIL, try again) for the two signals that batch systems
 * send before they preempt a job.
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
 * Installs a listener for every stop signal. Call it before anything else, so that no signal is missed.
 *
 * @param stop called with each signal that arrives
 */
export function onStopSignal(stop: (signal: StopSignal) => void): void {
  // With a listener, a file that reaches its size limit is a write error; without one, the process would be killed.
  process.on('SIGXFSZ', () => {});
  for (const signal of Object.keys(STOP_SIGNALS) as StopSignal[]) process.on(signal, () => stop(signal));
}
