/** @file `wnlstm work`: computes the runs of a planned sweep that no other process has. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { readDataset } from '../data/mnist.js';
import { isExact } from '../engines/arithmetic.js';
import { EXIT, ioError, UserError } from '../errors.js';
import { readResult } from '../runs/reading.js';
import { createBoard } from '../sweep/board.js';
import { createMachineExecutor, planShape } from '../sweep/machine.js';
import { type Plan, type PlannedRun, plannedRuns, readPlan } from '../sweep/plan.js';
import type { RequestedArm } from '../sweep/shape.js';
import { work } from '../sweep/work.js';
import type { Configure, Io } from '../terminal/io.js';
import { stopCode } from '../terminal/io.js';
import { addMachineOptions, type OptionsOf, parsePath } from '../terminal/options.js';
import { createSweepDisplay } from '../terminal/sweep-display.js';
import { describeShape } from '../terminal/sweep-report.js';
import { reportWork } from '../terminal/work-report.js';
import { plural } from '../text/plural.js';
import { scheduleOf } from '../train/trainer.js';

/** Time between two looks at the runs of other workers. */
const POLL_MS = 5000;

type WorkOptions = OptionsOf<typeof addOptions>;

export const configure: Configure = (command, io, run) => {
  addOptions(command).action(run((folder, options) => workOn(folder, options, io)));
};

function addOptions(command: Command) {
  const withFolder = command.argument(
    '<folder>',
    'folder of a sweep, made by wnlstm sweep FILE --plan-only',
    parsePath,
  );
  return addMachineOptions(withFolder)
    .option('--idle-exit', 'exit when no run can be taken, and do not wait for the runs of other workers')
    .option('--tasks <file>', 'JSON file with lists of run ids, for the tasks of a job array')
    .option('--task <n>', 'consider only the runs of this entry of --tasks, counted from 0')
    .option('--quiet', 'print no progress, only errors')
    .option('--json', 'print the counts at the end as one line of JSON');
}

async function workOn(folder: string, options: WorkOptions, io: Io): Promise<number> {
  const plan = openPlan(folder);
  const runs = selectRuns(plannedRuns(plan), options);
  const dataset = readDataset(plan.arms[0]?.config.data ?? null);
  checkData(plan, dataset.checksums);
  const { jobs, threads, gpuLanes } = options;
  const shape = await planShape(requestedArms(plan, gpuLanes), runs, { jobs, threads, gpuLanes });
  const stepsOf = ({ config }: PlannedRun): number => scheduleOf(config, dataset.train.count).totalSteps;
  const board = createBoard(plan, runs, stepsOf, new Map(resultsOf(folder, runs)));
  if (!options.quiet) {
    const size = `${plural(runs.length, 'run')}, ${describeShape(shape)}`;
    io.err(`${io.errColor.bold('wnlstm')} work on ${plan.name}: ${size}`);
  }
  const display = createSweepDisplay(board, io, Boolean(options.quiet));
  const executor = createMachineExecutor(shape, display.onNote);
  try {
    const ends = await work(
      runs,
      folder,
      executor,
      { idleExit: Boolean(options.idleExit), signal: io.signal, pollMs: POLL_MS },
      (event) => {
        board.onEvent(event);
        if (event.kind !== 'end' || event.end.kind !== 'taken') display.onEvent(event);
      },
    );
    display.close();
    const failed = reportWork(
      plan.name,
      folder,
      runs,
      ends,
      { ...options, isTask: options.task !== undefined },
      io,
    );
    return io.signal.aborted ? stopCode(io) : failed ? EXIT.failed : EXIT.done;
  } finally {
    display.close();
    executor.dispose();
  }
}

/** The arms of a plan. The file that asked for their backends is not here, so a plan for a GPU may use all that this machine has. */
function requestedArms({ arms }: Plan, gpuLanes = 0): RequestedArm[] {
  const automatic = { backend: 'auto', device: 'auto' } as const;
  return arms.map((arm) => {
    const isForGpu = isExact(arm.config.backend) && (gpuLanes > 0 || arm.config.device === 'cuda');
    return { ...arm, requested: isForGpu ? automatic : arm.config };
  });
}

function openPlan(folder: string): Plan {
  // A listing refreshes what a network file system remembers about the folder.
  const plan = existsSync(folder) ? readPlan(folder) : null;
  if (plan) return plan;
  throw new UserError('E_RUN', `Expected the folder of a sweep, found no plan.json in ${folder}.`, {
    hint: 'Make the plan first with `wnlstm sweep FILE --plan-only`.',
  });
}

/** The runs of a task, or all runs. */
function selectRuns(
  runs: readonly PlannedRun[],
  { tasks, task }: Pick<WorkOptions, 'tasks' | 'task'>,
): readonly PlannedRun[] {
  if (tasks === undefined && task === undefined) return runs;
  if (tasks === undefined || task === undefined)
    throw new UserError('E_USAGE', 'Expected --tasks and --task together.');
  let lists: unknown;
  try {
    lists = JSON.parse(readFileSync(tasks, 'utf8'));
  } catch (error) {
    throw error instanceof SyntaxError
      ? new UserError('E_DATA', `${tasks}: expected JSON, got ${error.message}.`)
      : ioError(`read ${tasks}`, error);
  }
  const ids: unknown = Array.isArray(lists) ? lists[Number(task)] : undefined;
  if (!Array.isArray(ids)) throw new UserError('E_USAGE', `${tasks} has no task ${task}.`);
  const byId = new Map(runs.map((run) => [run.id, run]));
  return ids.map((id) => {
    const run = byId.get(String(id));
    if (run) return run;
    throw new UserError('E_DATA', `${tasks}: the plan has no run ${String(id)}.`);
  });
}

function checkData(plan: Plan, checksums: Readonly<Record<string, string>>): void {
  const other = Object.keys({ ...plan.data, ...checksums }).find(
    (name) => plan.data[name] !== checksums[name],
  );
  if (other === undefined) return;
  throw new UserError('E_DATA', `${other} is not the file that the sweep was planned with.`, {
    hint: 'Every machine needs the same data at the same path; the SHA-256 is in plan.json under data.',
  });
}

function* resultsOf(folder: string, runs: readonly PlannedRun[]) {
  for (const run of runs) {
    const summary = readResult(join(folder, run.id), run.id);
    if (summary) yield [run, summary] as const;
  }
}
