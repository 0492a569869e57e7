/** @file Records a run while it trains: rows, checkpoints and status, in an order that survives a crash. */

import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import type { ResolvedConfig } from '../config.js';
import { removeTemporary, replaceFile, toJson } from '../files.js';
import { writeCheckpoint } from '../runs/checkpoint.js';
import type { Lock } from '../runs/lock.js';
import { type EpochRow, epochColumns, openCsv, stepColumns } from '../runs/metrics.js';
import { runPaths } from '../runs/paths.js';
import { type RunRecord, type Summary, writeRecord } from '../runs/record.js';
import type { LoopEvent } from './events.js';

/** Writes the files of a run. */
export interface Recorder {
  /** The last row of metrics.csv when the recorder was opened. */
  readonly lastEpoch: EpochRow | undefined;
  /** Resolves after write(). A checkpoint is written only after all earlier rows are fsynced. */
  write(event: LoopEvent): Promise<void>;
  /** Writes the summary, if there is one, and then the status. */
  finish(status: RunRecord['status'], summary?: Summary): void;
}

/**
 * Opens the files of a run, new or resumed.
 *
 * @param step rows of later steps are removed
 * @param lock the folder's lock, which is checked before every write
 * @throws {UserError} E_IO if a file cannot be written; E_LOCKED if the lock is lost; both also from the methods
 */
export function openRecorder(
  directory: string,
  config: ResolvedConfig,
  record: RunRecord,
  step: number,
  lock: Pick<Lock, 'assertHeld'>,
): Recorder {
  const paths = runPaths(directory);
  /** A path that is about to be written. The lock is checked for each, as the process may sleep between any two writes. */
  const own = (path: string): string => {
    lock.assertHeld();
    return path;
  };
  const setStatus = (status: RunRecord['status'], more: Partial<RunRecord> = {}): void =>
    writeRecord(dirname(own(paths.record)), {
      ...record,
      ...more,
      status,
      updated_at: new Date().toISOString(),
    });
  removeTemporary(own(directory));
  replaceFile(own(paths.config), toJson(config));
  setStatus('running');
  const steps = openCsv(own(paths.steps), stepColumns, step);
  const epochs = openCsv(own(paths.epochs), epochColumns, step);
  return {
    lastEpoch: epochs.last,
    write: async (event) => {
      if (event.kind !== 'progress') lock.assertHeld();
      switch (event.kind) {
        case 'step':
          return steps.write(event.row);
        case 'epoch':
          return epochs.write(event.row);
        case 'checkpoint':
          return writeCheckpoint(
            own(paths.checkpoints),
            event.checkpoint,
            { run_id: record.run_id, steps_csv: steps.sync(), metrics_csv: epochs.sync() },
            lock.assertHeld,
          );
        case 'progress':
        case 'end':
          return;
        default:
          return event satisfies never;
      }
    },
    finish: (status, summary) => {
      if (!summary) return setStatus(status);
      const { dir: _, ...stored } = summary; // the folder may be moved
      const text = toJson(stored);
      replaceFile(own(paths.summary), text);
      setStatus(status, { summary_sha256: createHash('sha256').update(text).digest('hex') });
    },
  };
}
