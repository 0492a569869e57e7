/** @file Writes a run down as it happens: rows, checkpoints, status, in an order that survives a crash. */

import { join } from 'node:path';
import type { Config } from '../config.js';
import { removeTemporary, replaceFile, toJson } from '../files.js';
import { writeCheckpoint } from '../runs/checkpoint.js';
import type { Lock } from '../runs/lock.js';
import { epochColumns, openCsv, stepColumns } from '../runs/metrics.js';
import { type RunRecord, type Summary, writeRecord } from '../runs/record.js';
import type { TrainingEvent } from './events.js';

/** The files of a run that is going on. */
export interface Recorder {
  /** Resolves once the event is with the operating system; a checkpoint only after all rows before it are on disk. */
  write(event: TrainingEvent): Promise<void>;
  /** Writes the summary, if there is one, and last the status. */
  finish(status: RunRecord['status'], summary?: Summary): void;
}

/**
 * Opens a run's files, new or to go on.
 *
 * @param step the last step whose rows stay
 * @param lock of the folder, held before every write
 * @throws {UserError} E_IO if they cannot be written, E_LOCKED if the lock is lost, also from the methods
 */
export function openRecorder(
  directory: string,
  config: Config,
  record: RunRecord,
  step: number,
  lock: Pick<Lock, 'assertHeld'>,
): Recorder {
  /** A path in the folder, for one write; the lock is asked for each, as the process may be stopped between any two. */
  const own = (name: string): string => {
    lock.assertHeld();
    return join(directory, name);
  };
  const setStatus = (status: RunRecord['status']): void =>
    writeRecord(own('.'), { ...record, status, updated_at: new Date().toISOString() });
  removeTemporary(own('.'));
  replaceFile(own('config.json'), toJson(config));
  setStatus('running');
  const steps = openCsv(own('steps.csv'), stepColumns, step);
  const epochs = openCsv(own('metrics.csv'), epochColumns, step);
  return {
    write: async (event) => {
      if (event.kind !== 'progress') lock.assertHeld();
      switch (event.kind) {
        case 'step':
          return steps.write(event.row);
        case 'epoch':
          return epochs.write(event.row);
        case 'checkpoint':
          steps.sync();
          epochs.sync();
          return writeCheckpoint(own('checkpoints'), event.checkpoint, lock.assertHeld);
        case 'progress':
        case 'end':
          return;
        default:
          return event satisfies never;
      }
    },
    finish: (status, summary) => {
      if (summary) {
        const { dir: _, ...stored } = summary; // folders are moved
        replaceFile(own('summary.json'), toJson(stored));
      }
      setStatus(status);
    },
  };
}
