/** @file The options of `wnlstm sweep` for a Slurm cluster. */

import { type Command, InvalidArgumentError, Option, type OptionValues } from '@commander-js/extra-typings';
import { UserError } from '../errors.js';
import { isWord, type SlurmKeys } from '../sweep/slurm-keys.js';
import { parsePositive } from './options.js';
import { quoted } from './shell.js';

/** The options that `--launcher slurm` allows. */
export interface SlurmFlags extends SlurmKeys {
  readonly launcher: 'local' | 'slurm';
}

const FLAGS: Readonly<Record<keyof SlurmKeys, string>> = {
  partition: '--partition',
  account: '--account',
  time: '--time',
  cpus: '--cpus',
  mem: '--mem',
  gres: '--gres',
  maxParallel: '--max-parallel',
  runsPerTask: '--runs-per-task',
  signalSeconds: '--signal-seconds',
  sbatch: '--sbatch',
};

/** The options of a sweep on this machine, and what a cluster has instead. */
const LOCAL_FLAGS = {
  jobs: ['--jobs', 'Limit the number of tasks at a time with `--max-parallel N`.'],
  gpuLanes: ['--gpu-lanes', 'Each task uses the GPU that `--gres` requests.'],
  threads: ['--threads', 'Set the number of cores of a task with `--cpus N`.'],
  failFast: ['--fail-fast', 'Cancel the jobs with `--cancel`.'],
  planOnly: ['--plan-only', 'A submission writes the plan too.'],
} as const;

/** Adds the options for Slurm. */
export function addSlurmOptions<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command
    .addOption(
      new Option(
        '--launcher <name>',
        'where the runs are trained: on this machine, or as jobs of a Slurm cluster',
      )
        .choices(['local', 'slurm'] as const)
        .default('local' as const),
    )
    .option('--partition <name>', 'slurm: partition', parseWord)
    .option('--account <name>', 'slurm: account', parseWord)
    .option('--time <limit>', 'slurm: time limit of a task, such as 2:00:00', parseWord)
    .option('--cpus <n>', 'slurm: number of cores of a task (default: 1)', parsePositive)
    .option('--mem <size>', 'slurm: memory of a task, such as 2G', parseWord)
    .option('--gres <list>', 'slurm: other resources of a task, such as gpu:1', parseWord)
    .option('--max-parallel <n>', 'slurm: number of tasks at a time', parsePositive)
    .option(
      '--runs-per-task <n>',
      'slurm: number of runs in a task (default: about ten minutes)',
      parsePositive,
    )
    .option(
      '--signal-seconds <n>',
      'slurm: time between the signal to write a checkpoint and the time limit (default: 120)',
      parsePositive,
    )
    .option(
      '--sbatch <option>',
      'slurm: another option of sbatch, such as "--qos=low"; can be repeated',
      (text: string, before: string[] | undefined) => [...(before ?? []), parseWord(text)],
    )
    .option('--cancel', "slurm: cancel this sweep's jobs, and exit");
}

function parseWord(text: string): string {
  if (isWord(text)) return text;
  throw new InvalidArgumentError(
    'It must not be empty, and must not contain quotes, backslashes or line breaks.',
  );
}

/** The options for Slurm among those of a command. */
export function slurmKeysOf(options: SlurmKeys): SlurmKeys {
  return Object.fromEntries(Object.entries(options).filter(([name]) => name in FLAGS));
}

/** The options for Slurm as they are written on a command line, each with a space before it. */
export function slurmFlagsText(options: SlurmKeys): string {
  return Object.entries(slurmKeysOf(options))
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((each) => [name, each] as const))
    .map(([name, value]) => ` ${quoted(`${FLAGS[name as keyof typeof FLAGS]}=${value}`)}`)
    .join('');
}

/**
 * Refuses options that the launcher does not have.
 *
 * @throws {UserError} E_USAGE
 */
export function checkLauncher(
  options: SlurmFlags & { readonly [Name in keyof typeof LOCAL_FLAGS]?: unknown },
): void {
  if (options.launcher === 'slurm') {
    for (const [name, [flag, hint]] of Object.entries(LOCAL_FLAGS)) {
      if (options[name as keyof typeof LOCAL_FLAGS] === undefined) continue;
      throw new UserError('E_USAGE', `${flag} cannot be used with --launcher slurm.`, { hint });
    }
    return;
  }
  for (const [name, flag] of Object.entries(FLAGS)) {
    if (options[name as keyof typeof FLAGS] === undefined) continue;
    throw new UserError('E_USAGE', `${flag} needs --launcher slurm.`, {
      hint: 'Without it, the sweep is trained on this machine. See `wnlstm help clusters`.',
    });
  }
}
