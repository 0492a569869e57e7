/** @file Finds the checkpoint that a run resumes from, and the rows that are missing before it. */

import { existsSync } from 'node:fs';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { type Checkpoint, listCheckpoints, readCheckpoint } from '../runs/checkpoint.js';
import { epochColumns, readCsv, stepColumns } from '../runs/metrics.js';
import { runPaths } from '../runs/paths.js';
import { RESTORE } from '../runs/progress.js';
import type { RunRecord } from '../runs/record.js';
import { plural } from '../text/plural.js';
import type { Schedule } from './trainer.js';

/** The point from which a run resumes. */
export interface ResumePoint {
  /** Null for a run that starts at step 0. */
  readonly checkpoint: Checkpoint | null;
  /** Sentences for the user about damaged or missing data. */
  readonly notes: readonly string[];
}

/**
 * Finds the point from which a run resumes. Changes no file.
 *
 * @param runId the id of the run
 * @param before the record of the earlier process; null if run.json is missing
 * @throws {UserError} E_CHECKPOINT if all checkpoints are damaged or missing; E_DATA if a CSV cannot be read
 */
export function resumePoint(
  directory: string,
  runId: string,
  before: RunRecord | null,
  { logEvery }: Pick<Config, 'logEvery'>,
  { stepsPerEpoch, totalSteps }: Schedule,
): ResumePoint {
  const paths = runPaths(directory);
  const { checkpoint, notes } = newestIntact(paths.checkpoints, runId, totalSteps);
  const steps = stepsIn(paths.steps, stepColumns);
  const epochs = stepsIn(paths.epochs, epochColumns);
  if (checkpoint === null) {
    // A process that was killed may have left one epoch row without its checkpoint.
    if (before?.status !== 'interrupted' && epochs.size < 2) return { checkpoint, notes };
    throw new UserError(
      'E_CHECKPOINT',
      `${paths.checkpoints} is missing or empty, but the run was trained up to step ${Math.max(0, ...steps)}.`,
      { hint: RESTORE },
    );
  }
  const { step } = checkpoint.progress;
  return {
    checkpoint,
    notes: [
      ...notes,
      ...(before === null ? ['run.json was missing; it is written again.'] : []),
      ...missingRows('steps.csv', expectedSteps(logEvery, step, totalSteps), steps),
      ...missingRows('metrics.csv', expectedSteps(stepsPerEpoch, step, totalSteps), epochs),
    ],
  };
}

/** The newest checkpoint that can be read, with a note for each newer one that is damaged. */
function newestIntact(checkpoints: string, runId: string, totalSteps: number): ResumePoint {
  const damaged: UserError[] = [];
  for (const step of listCheckpoints(checkpoints).reverse()) {
    try {
      if (step > totalSteps) throw beyondEnd(checkpoints, step, totalSteps);
      const checkpoint = readCheckpoint(checkpoints, step, runId);
      const instead = `The run resumes from the checkpoint before it, at step ${step}.`;
      return { checkpoint, notes: damaged.map(({ message }) => `${message} ${instead}`) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      damaged.push(error);
    }
  }
  if (damaged[0]) throw damaged[0];
  return { checkpoint: null, notes: [] };
}

function beyondEnd(checkpoints: string, step: number, totalSteps: number): UserError {
  const message = `${checkpoints}: expected checkpoints up to step ${totalSteps}, got one of step ${step}.`;
  return new UserError('E_CHECKPOINT', message, { hint: RESTORE });
}

function stepsIn(path: string, columns: typeof stepColumns | typeof epochColumns): Set<number> {
  if (!existsSync(path)) return new Set();
  return new Set(readCsv<'step'>(path, columns as readonly 'step'[]).map(({ step }) => step ?? 0));
}

function missingRows(file: string, expected: readonly number[], found: ReadonlySet<number>): string[] {
  const missing = expected.filter((step) => !found.has(step));
  if (missing.length === 0) return [];
  const where =
    missing.length === 1 ? `at step ${missing[0]}` : `from step ${missing[0]} to ${missing.at(-1)}`;
  return [
    `${file} lacks ${missing.length.toLocaleString('en')} of its ${plural(expected.length, 'row')} (${where}). They are not computed again, so curves lack them too.`,
  ];
}

/** The steps of the rows up to a step: the multiples of `every`, and the last step of the run. */
function expectedSteps(every: number, step: number, totalSteps: number): number[] {
  const multiples = Array.from({ length: Math.floor(step / every) }, (_, index) => (index + 1) * every);
  return step === totalSteps && step % every !== 0 ? [...multiples, step] : multiples;
}
