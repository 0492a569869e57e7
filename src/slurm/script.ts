/** @file The batch script of a job array, as a pure function of its input. */

import type { SlurmOptions } from './options.js';

/** What a batch script depends on. All paths are absolute. */
export interface ScriptInput {
  /** The name of the job. */
  readonly job: string;
  /** The folder of the sweep. */
  readonly directory: string;
  /** The folder of the logs. */
  readonly logs: string;
  /** The file with the runs of each task. */
  readonly tasks: string;
  readonly taskCount: number;
  /** The Node executable, and the program that it runs. */
  readonly node: string;
  readonly program: string;
  /** The folder of Slurm's commands, or null if it is not known. */
  readonly slurmFolder: string | null;
  readonly options: SlurmOptions;
}

/** The exit code of a task whose node cannot run the program. */
const NOT_RUNNABLE = 127;

/** The start of the lines in a log that say why a task failed. */
export const FAILURE = 'wnlstm: ';

/** The text of a batch script. */
export function batchScript(input: ScriptInput): string {
  const { directory, tasks, node, program, slurmFolder, options } = input;
  const jobs = options.gres === undefined ? '' : ' --jobs 1'; // one run at a time on a GPU
  return `#!/bin/bash
# Written by wnlstm sweep. Each task of this job array trains the runs of one entry of the tasks file.
${directives(input)
  .map((directive) => `#SBATCH ${directive}`)
  .join('\n')}

sweep=${shellQuoted(directory)}
tasks=${shellQuoted(tasks)}
node=${shellQuoted(node)}
program=${shellQuoted(program)}
${slurmFolder === null ? '' : `PATH=$PATH:${shellQuoted(slurmFolder)}\n`}export NO_COLOR=1 FORCE_COLOR=
task=\${SLURM_ARRAY_TASK_ID}
self=\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}

say() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $1"; }
fail() {
  echo "${FAILURE}$1" >&2
  exit ${NOT_RUNNABLE}
}

# Slurm sends USR1 to this shell only, so it is passed on: as USR2, which means the same to the program. A USR1 before the
# program has started would start Node's debugger.
forward() {
  signal=$1
  [ -z "$child" ] || kill -s "$1" "$child" 2>/dev/null
}
signal=
child=
trap 'forward USR2' USR1
trap 'forward TERM' TERM

say "task $self starts on $(hostname), after \${SLURM_RESTART_COUNT:-0} restarts"
[ -d "$sweep" ] || fail "$(hostname) does not see the folder $sweep. It must be on a file system that all nodes share."
[ -x "$node" ] || fail "$(hostname) has no $node. Install Node in a folder that all nodes share, or leave this node out with --sbatch --exclude=$(hostname)."
"$node" --version >/dev/null || fail "$node does not run on $(hostname); the line above says why. Leave this node out with --sbatch --exclude=$(hostname)."
[ -f "$program" ] || fail "$(hostname) has no $program. Install wnlstm in a folder that all nodes share, or leave this node out with --sbatch --exclude=$(hostname)."

"$node" "$program" work "$sweep" --tasks "$tasks" --task "$task" --threads ${options.cpus}${jobs} --idle-exit &
child=$!
[ -z "$signal" ] || forward "$signal"
# A signal ends wait before the child has ended.
while signal= && wait "$child"; code=$? && [ -n "$signal" ]; do :; done

# 140: USR2 has ended the program before it started.
if [ "$code" -eq 75 ] || [ "$code" -eq 140 ]; then
  say "task $self was told to stop; it goes back to the queue"
  trap '' USR1 TERM # requeueing ends this task with TERM, also scontrol
  scontrol requeue "$self" || echo "${FAILURE}task $self could not be requeued. Run the sweep command again." >&2
else
  say "task $self ends with exit code $code"
fi
exit "$code"
`;
}

/** The options of sbatch, as in the lines of a batch script. */
function directives({ job, logs, taskCount, options }: ScriptInput): string[] {
  const { partition, account, time, cpus, mem, gres, maxParallel, signalSeconds, sbatch } = options;
  const given = { partition, account, time, mem, gres };
  const throttle = maxParallel === undefined ? '' : `%${maxParallel}`;
  return [
    `--job-name=${job}`,
    `--array=0-${taskCount - 1}${throttle}`,
    '--nodes=1',
    '--ntasks=1',
    `--cpus-per-task=${cpus}`,
    ...Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
    `--signal=B:USR1@${signalSeconds}`,
    '--requeue',
    '--open-mode=append',
    `--output=${directiveQuoted(`${logs.replaceAll('%', '%%')}/%A_%a.log`)}`,
    ...sbatch,
  ];
}

/** A text in the quotes that sbatch understands in a batch script. */
function directiveQuoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** A text as one word of a shell. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
