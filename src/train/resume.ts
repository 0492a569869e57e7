/** @file Where a run goes on: the newest checkpoint that is whole, and what was lost before it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { type Checkpoint, listCheckpoints, readCheckpoint } from '../runs/checkpoint.js';
import { epochColumns, readCsv, stepColumns } from '../runs/metrics.js';
import type { RunRecord } from '../runs/record.js';
import type { Schedule } from './trainer.js';

/** Where a run goes on. */
export interface ResumePoint {
  /** Null for a run that starts at step 0. */
  readonly checkpoint: Checkpoint | null;
  /** What the user has to know, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Finds where a run goes on. Changes nothing.
 *
 * @param before what run.json says; null if it is not there
 * @throws {UserError} E_CHECKPOINT if no checkpoint is whole, or all are gone; E_DATA if a CSV cannot be read
 */
export function resumePoint(
  directory: string,
  before: RunRecord | null,
  { logEvery }: Pick<Config, 'logEvery'>,
  { stepsPerEpoch, totalSteps }: Schedule,
): ResumePoint {
  const { checkpoint, notes } = newestWhole(directory);
  const [steps, epochs] = [
    stepsIn(join(directory, 'steps.csv'), stepColumns),
    stepsIn(join(directory, 'metrics.csv'), epochColumns),
  ];
  if (checkpoint === null) {
    // A process that was killed may have left one row without its checkpoint.
    if (before?.status !== 'interrupted' && epochs.size < 2) return { checkpoint, notes };
    throw new UserError(
      'E_CHECKPOINT',
      `${join(directory, 'checkpoints')} is missing or empty, though the run was trained up to step ${Math.max(0, ...steps)}.`,
      { hint: 'Put back a copy of it; `--force` starts the run over.' },
    );
  }
  const { step } = checkpoint.progress;
  return {
    checkpoint,
    notes: [
      ...notes,
      ...(before === null ? ['run.json was missing and is written anew.'] : []),
      ...describeLost('steps.csv', expectedSteps(logEvery, step, totalSteps), steps),
      ...describeLost('metrics.csv', expectedSteps(stepsPerEpoch, step, totalSteps), epochs),
    ],
  };
}

/** The newest checkpoint that can be read; the run goes on from an earlier one rather than not at all. */
function newestWhole(directory: string): ResumePoint {
  const checkpoints = join(directory, 'checkpoints');
  const damaged: UserError[] = [];
  for (const step of listCheckpoints(checkpoints).reverse()) {
    try {
      const checkpoint = readCheckpoint(checkpoints, step);
      return {
        checkpoint,
        notes: damaged.map(
          ({ message }) => `${message} The run goes on from the checkpoint before, of step ${step}.`,
        ),
      };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      damaged.push(error);
    }
  }
  if (damaged.length > 0) throw damaged[0];
  return { checkpoint: null, notes: [] };
}

function stepsIn(path: string, columns: typeof stepColumns | typeof epochColumns): Set<number> {
  return new Set(
    existsSync(path) ? readCsv<'step'>(path, columns as readonly 'step'[]).map(({ step }) => step ?? 0) : [],
  );
}

function describeLost(file: string, expected: readonly number[], found: ReadonlySet<number>): string[] {
  const lost = expected.filter((step) => !found.has(step));
  if (lost.length === 0) return [];
  const from = lost.length === 1 ? `at step ${lost[0]}` : `from step ${lost[0]} to ${lost.at(-1)}`;
  return [
    `${file} has lost ${lost.length} of its ${expected.length} rows (${from}). They are not computed again, so curves lack them.`,
  ];
}

/** Multiples of `every` up to a step, and the last step of the run. */
function expectedSteps(every: number, step: number, totalSteps: number): number[] {
  const multiples = Array.from({ length: Math.floor(step / every) }, (_, index) => (index + 1) * every);
  return step === totalSteps && step % every !== 0 ? [...multiples, step] : multiples;
}
