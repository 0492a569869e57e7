/** @file The options of a submission: flags, then the keys of the sweep file, then defaults. */

import { UserError } from '../errors.js';
import type { SlurmKeys } from '../sweep/slurm-keys.js';

/** The options of a submission. A key that is missing is left to the cluster. */
export type SlurmOptions = SlurmKeys & Required<Pick<SlurmKeys, 'cpus' | 'signalSeconds' | 'sbatch'>>;

const DEFAULTS = { cpus: 1, signalSeconds: 120 };

/** The time that a task has at least before the signal to stop, in seconds. */
const LEAST_SECONDS = 60;

/** The options of sbatch that the program sets itself, and what to use instead. */
const OWN_OPTIONS: Readonly<Record<string, string>> = {
  '--partition': '--partition',
  '-p': '--partition',
  '--account': '--account',
  '-A': '--account',
  '--time': '--time',
  '-t': '--time',
  '--cpus-per-task': '--cpus',
  '-c': '--cpus',
  '--mem': '--mem',
  '--gres': '--gres',
  '--signal': '--signal-seconds',
  '--array': '--max-parallel and --runs-per-task',
  '-a': '--max-parallel and --runs-per-task',
};
/** The options of sbatch that would break a submission. */
const FIXED_OPTIONS = [
  ...['--job-name', '-J', '--output', '-o', '--open-mode', '--requeue', '--no-requeue', '--parsable'],
  ...['--wrap', '--ntasks', '-n', '--nodes', '-N', '--clusters', '-M', '--cluster', '--wait', '-W'],
];

/**
 * Merges the flags of a command with the keys of a sweep file. Flags win; sbatch options of both are kept, the flags' last.
 *
 * @throws {UserError} E_USAGE for an sbatch option that the program sets itself, or too short a time limit
 */
export function slurmOptions(flags: SlurmKeys, file: SlurmKeys): SlurmOptions {
  const sbatch = [...(file.sbatch ?? []), ...(flags.sbatch ?? [])];
  const options = { ...DEFAULTS, ...file, ...flags, sbatch };
  for (const option of sbatch) checkOption(option);
  const limit = options.time === undefined ? null : secondsOf(options.time);
  if (limit !== null && limit < options.signalSeconds + LEAST_SECONDS) {
    throw new UserError(
      'E_USAGE',
      `Expected a time limit of at least ${options.signalSeconds + LEAST_SECONDS} s, got ${options.time}: tasks are told to stop ${options.signalSeconds} s before it.`,
      { hint: 'Use a longer --time, or a smaller --signal-seconds.' },
    );
  }
  return options;
}

function checkOption(option: string): void {
  const [name = ''] = option.split(/[= ]/);
  if (!/^--?[a-zA-Z]/.test(option)) {
    throw new UserError('E_USAGE', `Expected an option of sbatch, got ${option}.`, {
      hint: 'Write it as in a batch script: `--sbatch "--qos=low"`.',
    });
  }
  // A short option may be written together with its value, such as -pmain.
  const short = name.startsWith('--') ? name : name.slice(0, 2);
  const instead = OWN_OPTIONS[short];
  if (instead === undefined && !FIXED_OPTIONS.includes(short)) return;
  throw new UserError('E_USAGE', `The sbatch option ${short} is set by wnlstm.`, {
    hint: instead === undefined ? 'Leave it out.' : `Use ${instead} instead.`,
  });
}

/** A time limit of Slurm in seconds; null if it is unlimited or has another form, which sbatch reports. */
export function secondsOf(time: string): number | null {
  const [, days, first, second, third] = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(time) ?? [];
  if (first === undefined) return null;
  const [a, b, c] = [first, second, third].map((part) => Number(part ?? 0)) as [number, number, number];
  if (days !== undefined) return Number(days) * 86_400 + a * 3600 + b * 60 + c;
  if (third !== undefined) return a * 3600 + b * 60 + c;
  return a * 60 + b; // minutes, or minutes:seconds
}
