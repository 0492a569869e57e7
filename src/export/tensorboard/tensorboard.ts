/** @file A run as a folder of event files for TensorBoard. */

import { join } from 'node:path';
import type { Row } from '../../runs/metrics.js';
import type { ExportedRun } from '../select-runs.js';
import { EVENT_FILE, eventFile, type Scalar } from './events.js';
import { hparamValues, resultTags } from './hparams.js';

/** The columns of steps.csv and of metrics.csv that become scalars, with their tags. */
const STEP_TAGS = ['loss', 'accuracy', 'lr', 'grad_norm', 'grad_norm_clipped', 'clip_fraction'] as const;
const VALIDATION_TAGS = { val_loss: 'loss', val_accuracy: 'accuracy' } as const;
const SPEED_TAGS = { examples_per_second: 'examples_per_second' } as const;

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
  const end = summary && start + summary.seconds;
  const results = resultTags.flatMap((tag): Scalar[] => {
    const value = summary?.[tag] ?? null;
    return summary && end !== null && value !== null ? [{ tag, step: summary.steps, time: end, value }] : [];
  });
  const train = [
    ...scalarsOf(rows.steps, Object.fromEntries(STEP_TAGS.map((tag) => [tag, tag])), start),
    ...scalarsOf(rows.epochs, SPEED_TAGS, start),
  ];
  return {
    [EVENT_FILE]: eventFile(start, results, hparamValues(exported, start, end)),
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
function scalarsOf(
  rows: readonly Row<string>[],
  tags: Readonly<Record<string, string>>,
  start: number,
): Scalar[] {
  return rows.flatMap((row) => {
    const [step, time] = [row.step ?? 0, start + (row.elapsed_seconds ?? 0)];
    return Object.entries(tags).flatMap(([column, tag]) => {
      const value = row[column] ?? null;
      return value === null ? [] : [{ tag, step, time, value }];
    });
  });
}
