/** @file Whether the files of a run belong together: record, config, rows, summary, checkpoints. Reads, and changes nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, parseConfig } from '../config.js';
import { ioError, UserError } from '../errors.js';
import { parameterShapes, sizeOf } from '../model/spec.js';
import { type Checkpoint, hashWeights, listCheckpoints, readCheckpoint } from '../runs/checkpoint.js';
import type { EpochRow } from '../runs/metrics.js';
import {
  FORMAT,
  fingerprint,
  type RunRecord,
  readConfig,
  readRecord,
  readSummary,
  runId,
  type Summary,
} from '../runs/run.js';
import { checkRows, type Ending, type Problem } from './verify-rows.js';

/** What was found in a run's folder. */
export interface Verification {
  readonly directory: string;
  readonly status: RunRecord['status'] | null;
  /** Steps that its rows are of. */
  readonly steps: number;
  /** Of the last weights; null if they are not there, or the run diverged. */
  readonly weightsSha256: string | null;
  /** Whether the summary has that hash; not in runs of format 1. */
  readonly hashRecorded: boolean;
  readonly problems: readonly Problem[];
}

const sameNumber = (a: number | null, b: number | null): boolean =>
  a === b || (a === null && !Number.isFinite(b));

const summaryProblems = (
  summary: Summary,
  rows: readonly EpochRow[],
  status: RunRecord['status'],
): string[] => {
  const last = rows.at(-1);
  const problems: string[] = [];
  if (summary.status !== status) problems.push(`It says ${summary.status}, run.json says ${status}.`);
  for (const key of ['loss', 'accuracy', 'val_loss', 'val_accuracy'] as const) {
    const value = last?.[key] ?? null;
    if (!sameNumber(summary[key], value))
      problems.push(`${key} is ${summary[key]}, the last row of metrics.csv has ${value}.`);
  }
  const best = rows.reduce<EpochRow | null>(
    (found, row) =>
      Number.isFinite(row.val_loss) && (row.val_accuracy ?? 0) > (found?.val_accuracy ?? -1) ? row : found,
    null,
  );
  if (
    (best?.epoch ?? null) !== summary.best_epoch ||
    (best?.val_accuracy ?? null) !== summary.best_val_accuracy
  ) {
    problems.push(
      `The best epoch is ${summary.best_epoch} with ${summary.best_val_accuracy}, by metrics.csv it is ${best?.epoch} with ${best?.val_accuracy}.`,
    );
  }
  return problems;
};

/** What is wrong with the arrays of a checkpoint: names and shapes that the config does not give, values that are not finite. */
const stateProblems = ({ state }: Checkpoint, config: Config, classes: number, finite: boolean): string[] => {
  const inputs = state.get('lstm/w_x')?.shape[0] ?? 0;
  return Object.entries(parameterShapes({ ...config, inputs, classes })).flatMap(([name, shape]) =>
    [name, ...(config.optimizer === 'adam' ? [`adam/m/${name}`, `adam/v/${name}`] : [])].flatMap((array) => {
      const found = state.get(array);
      if (!found) return [`${array} is missing.`];
      if (found.shape.join() !== shape.join() || found.data.length !== sizeOf(shape))
        return [`${array} has the shape [${found.shape}], expected [${shape}].`];
      return finite && !found.data.every(Number.isFinite)
        ? [`${array} holds numbers that are not finite.`]
        : [];
    }),
  );
};

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw ioError(`read ${path}`, error);
  }
};

/** Collects what is wrong. */
interface Findings {
  readonly problems: Problem[];
  readonly wrong: (file: string, message: string) => void;
  /** What a reader gives, or null with its error among the problems. */
  readonly attempt: <T>(file: string, read: () => T) => T | null;
}

const collectFindings = (): Findings => {
  const problems: Problem[] = [];
  const wrong = (file: string, message: string): void => void problems.push({ file, line: null, message });
  return {
    problems,
    wrong,
    attempt: (file, read) => {
      try {
        return read();
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        wrong(file, error.message);
        return null;
      }
    },
  };
};

/** Loads every checkpoint. @returns the last one, or null if there is none that can be read */
const checkCheckpoints = (
  directory: string,
  config: Config,
  classes: number,
  { wrong, attempt }: Findings,
): Checkpoint | null => {
  const checkpoints = join(directory, 'checkpoints');
  const steps = listCheckpoints(checkpoints);
  let last: Checkpoint | null = null;
  for (const step of steps) {
    const file = `checkpoints/step-${String(step).padStart(6, '0')}`;
    last = attempt(file, () => readCheckpoint(checkpoints, step));
    if (!last) continue;
    for (const problem of stateProblems(last, config, classes, !last.progress.diverged)) wrong(file, problem);
  }
  const best = last?.progress.best;
  if (best && !steps.includes(best.step))
    wrong('checkpoints', `That of the best epoch, step ${best.step}, is missing.`);
  return last;
};

const checkIdentity = (record: RunRecord, config: Config, { wrong }: Findings): void => {
  if (record.format !== FORMAT) return; // an earlier version made other fingerprints
  const print = fingerprint(config, record.arithmetic, record.data.checksums);
  const id = runId(config, print);
  if (print !== record.fingerprint)
    wrong('config.json', 'Its fingerprint is not the one in run.json: one of the two was changed.');
  else if (id !== record.run_id) wrong('run.json', `run_id is ${record.run_id}, expected ${id}.`);
};

/**
 * Checks every file of a run.
 *
 * @param directory of a run
 * @returns all that is wrong, also where a file cannot be read
 */
export const verifyRun = (directory: string): Verification => {
  const findings = collectFindings();
  const { problems, wrong, attempt } = findings;
  const record = attempt('run.json', () => readRecord(directory));
  const config = attempt('config.json', () => parseConfig({ ...readConfig(directory) }, 'config.json'));
  const found = {
    directory,
    status: record?.status ?? null,
    steps: 0,
    weightsSha256: null,
    hashRecorded: false,
  };
  if (!record || !config) return { ...found, problems };

  const ending: Ending =
    record.status === 'completed' || record.status === 'diverged' ? record.status : 'unfinished';
  checkIdentity(record, config, findings);

  const [stepsCsv, metricsCsv] = ['steps.csv', 'metrics.csv'].map((name) =>
    ending === 'unfinished' && !existsSync(join(directory, name))
      ? null
      : attempt(name, () => readText(join(directory, name))),
  );
  const rows =
    stepsCsv === null || metricsCsv === null
      ? { steps: [], epochs: [], problems: [] }
      : checkRows(stepsCsv, metricsCsv, config, ending);
  problems.push(...rows.problems);
  const steps = rows.steps.at(-1)?.step ?? 0;

  const summary = attempt('summary.json', () => readSummary(directory));
  if (summary) {
    for (const problem of summaryProblems(summary, rows.epochs, record.status))
      wrong('summary.json', problem);
    if (summary.steps !== steps)
      wrong('summary.json', `steps is ${summary.steps}, steps.csv ends at ${steps}.`);
  } else if (ending !== 'unfinished') wrong('summary.json', 'It is missing.');

  const last = checkCheckpoints(directory, config, record.data.classes, findings);
  if (ending !== 'unfinished' && last?.progress.step !== steps)
    wrong('checkpoints', `The last one is of step ${last?.progress.step ?? 'none'}, expected ${steps}.`);
  const weightsSha256 = last && !last.progress.diverged ? hashWeights(last.state) : null;
  const recorded = summary?.weights_sha256;
  if (recorded !== undefined && recorded !== weightsSha256 && ending !== 'unfinished')
    wrong('summary.json', `weights_sha256 is ${recorded}, the last checkpoint has ${weightsSha256}.`);
  return { ...found, steps, weightsSha256, hashRecorded: recorded !== undefined, problems };
};
