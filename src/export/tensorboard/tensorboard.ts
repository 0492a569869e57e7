/** @file A run as a folder of event files for TensorBoard. */

import { join } from 'node:path';
import type { Row } from '../../runs/metrics.js';
import type { ExportedRun } from '../select-runs.js';
import { EVENT_FILE, eventFile, type Scalar } from './events.js';
import { hparamValues } from './hparams.js';

/** The tags of columns of steps.csv and of metrics.csv. */
const STEP_TAGS = {
  loss: 'loss',
  accuracy: 'accuracy',
  lr: 'lr',
  grad_norm: 'grad_norm',
  grad_norm_clipped: 'grad_norm_clipped',
  clip_fraction: 'clip_fraction',
} as const;
const VALIDATION_TAGS = { val_loss: 'loss', val_accuracy: 'accuracy' } as const;
const SPEED_TAGS = { examples_per_second: 'examples_per_second' } as const;
/** The keys of summary.json that become scalars at the last step. */
const RESULT_TAGS = {
  test_loss: 'test/loss',
  test_accuracy: 'test/accuracy',
  best_test_accuracy: 'test/best_accuracy',
} as const;

/**
 * Makes the event files of a run: hyperparameters and results in its folder, scalars in the sub-runs `train` and
 * `validation`. The files are always the same three, so that one export replaces another completely.
 *
 * @returns the contents by file name
 */
export function eventFiles(exported: ExportedRun): Record<string, Uint8Array> {
  const { run, rows } = exported;
  const start = Date.parse(run.record.started_at) / 1000;
  const { summary } = run;
  const result = summary && { ...summary, step: summary.steps, elapsed_seconds: summary.seconds };
  const train = [...scalarsOf(rows.steps, STEP_TAGS, start), ...scalarsOf(rows.epochs, SPEED_TAGS, start)];
  return {
    [EVENT_FILE]: eventFile(
      start,
      result ? scalarsOf([result], RESULT_TAGS, start) : [],
      hparamValues(exported, start, summary && start + summary.seconds),
    ),
    [join('train', EVENT_FILE)]: eventFile(start, train),
    [join('validation', EVENT_FILE)]: eventFile(start, scalarsOf(rows.epochs, VALIDATION_TAGS, start)),
  };
}

/**
 * The measured values of some columns.
 *
 * @param tags the tag of each column
 * @param start the start of the run, in seconds since 1970
 */
function scalarsOf<Column extends string>(
  rows: readonly Row<NoInfer<Column> | 'step' | 'elapsed_seconds'>[],
  tags: Readonly<Record<Column, string>>,
  start: number,
): Scalar[] {
  const columns = Object.keys(tags) as Column[];
  return rows.flatMap((row) => {
    const [step, time] = [row.step ?? 0, start + (row.elapsed_seconds ?? 0)];
    return columns.flatMap((column) => {
      const value = row[column];
      return value === null ? [] : [{ tag: tags[column], step, time, value }];
    });
  });
}
