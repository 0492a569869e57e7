/** @file Checks that the files of a run agree: record, config, rows, summary and checkpoints. Changes no file. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { readRegular } from '../files.js';
import { hashWeights, listCheckpoints, type StoredCheckpoint } from '../runs/checkpoint.js';
import type { Origin } from '../runs/progress.js';
import { readConfig, readRecord, readSummary, statusOf } from '../runs/reading.js';
import { FORMAT, fingerprintOf, type RunRecord, runId, type Status, type Summary } from '../runs/record.js';
import { checkCheckpoints, loadCheckpoints } from './checkpoints.js';
import { createFindings, type Findings, type Problem } from './findings.js';
import { summaryProblems } from './record.js';
import { type CheckedRows, checkRows } from './rows.js';

/** The result of checking a run. */
export interface Verification {
  readonly directory: string;
  /** Null if run.json or config.json cannot be read; the other files are then not checked. */
  readonly status: Status | null;
  /** The last step in its files. */
  readonly steps: number;
  /** SHA-256 of the last weights; null if they are missing, or the run diverged. */
  readonly weightsSha256: string | null;
  /** Whether the summary records this hash; summaries of format 1 do not. */
  readonly hashRecorded: boolean;
  readonly problems: readonly Problem[];
}

/** Checks every file of a run. A file that cannot be read is a problem too. */
export function verifyRun(directory: string): Verification {
  const findings = createFindings(directory);
  const { problems, add, wrong, attempt } = findings;
  const run = openRun(directory, findings);
  if (!run) return { directory, status: null, steps: 0, weightsSha256: null, hashRecorded: false, problems };
  const { record, config } = run;
  const status = statusOf(directory, record);
  checkIdentity(record, config, findings);

  // Checkpoints before rows: a running process writes the rows before their checkpoint.
  const steps = attempt('checkpoints', listCheckpoints) ?? [];
  const loaded = loadCheckpoints(directory, steps, record.run_id, status === 'running', findings);
  const checkpoint = steps.at(-1) ?? null;
  const last = loaded.find(({ checkpoint: { progress } }) => progress.step === checkpoint)?.checkpoint;
  const hasResult = status === 'completed' || status === 'diverged';
  const summary = hasResult ? openSummary(directory, record, findings) : null;
  const rows = openRows(directory, record, config, summary, checkpoint, findings);
  add(...(rows?.problems ?? []));
  if (rows?.problems.length === 0 && last?.origin) checkCsvHashes(last.origin, findings);
  checkEnd(record, checkpoint, last, findings);

  const epochs = rows?.problems.length === 0 ? rows.epochs : null;
  const classes = record.data.classes ?? 10; // earlier versions did not record it; their data is MNIST
  add(...checkCheckpoints(loaded, steps, config, classes, epochs));
  const weightsSha256 = last && !last.progress.diverged ? hashWeights(last.state) : null;
  if (summary) {
    const end = last ? { progress: last.progress, weights: weightsSha256 } : null;
    for (const problem of summaryProblems(summary, { record, config, rows: epochs, end }))
      wrong('summary.json', problem);
  }
  return {
    directory,
    status,
    steps: rows?.steps.at(-1)?.step ?? checkpoint ?? 0,
    weightsSha256,
    hashRecorded: summary?.weights_sha256 !== undefined,
    problems,
  };
}

/** The record and config, or null if one of them has a problem. */
function openRun(
  directory: string,
  { problems, demand, attempt }: Findings,
): { record: RunRecord; config: Config } | null {
  const record = demand('run.json') ? attempt('run.json', () => readRecord(directory)) : null;
  const config = demand('config.json') ? attempt('config.json', () => readConfig(directory)) : null;
  return record && config && problems.length === 0 ? { record, config } : null;
}

/** Checks that config, seed and data are those that the run started with. The data set itself is not needed. */
function checkIdentity(record: RunRecord, config: Config, { wrong }: Findings): void {
  const { format, arithmetic, data, run_id: id } = record;
  if (format !== FORMAT) return; // fingerprints of other formats are computed differently
  const fingerprint = fingerprintOf(config, arithmetic, data.checksums);
  const expected = runId(config, fingerprint);
  if (fingerprint !== record.fingerprint)
    wrong(
      'config.json',
      'Its fingerprint differs from the one in run.json; one of the two files was changed.',
    );
  else if (id !== expected) wrong('run.json', `run_id is ${id}, expected ${expected} from config.json.`);
}

/** The summary of a run that has a result. */
function openSummary(directory: string, record: RunRecord, { demand, attempt }: Findings): Summary | null {
  return demand('summary.json') ? attempt('summary.json', () => readSummary(directory, record)) : null;
}

/** The rows of a run. A run without a checkpoint may have none. */
function openRows(
  directory: string,
  record: RunRecord,
  config: Config,
  summary: Summary | null,
  checkpoint: number | null,
  { attempt, demand }: Findings,
): CheckedRows | null {
  const isRequired = isClosed(record) || checkpoint !== null;
  const read = (file: string): string | null =>
    (isRequired ? demand(file) : existsSync(join(directory, file)))
      ? attempt(file, (path) => readRegular(path).toString())
      : null;
  const [steps, metrics] = [read('steps.csv'), read('metrics.csv')];
  if (steps === null || metrics === null) return null;
  const lastStep = Number.isSafeInteger(summary?.steps) ? (summary?.steps ?? null) : null;
  return checkRows({ steps, metrics }, { config, status: record.status, checkpoint, summary: lastStep });
}

/** Checks the rows before the last checkpoint against the SHA-256 in its progress.json. */
function checkCsvHashes({ steps_csv, metrics_csv }: Origin, { wrong, attempt }: Findings): void {
  for (const [file, { bytes, sha256 }] of Object.entries({
    'steps.csv': steps_csv,
    'metrics.csv': metrics_csv,
  })) {
    const content = attempt(file, (path) => readRegular(path));
    const hash = content && createHash('sha256').update(content.subarray(0, bytes)).digest('hex');
    if (hash !== null && hash !== sha256)
      wrong(file, 'Its SHA-256 differs from the one in the last checkpoint; a row was changed.');
  }
}

/** Whether the process of a run recorded its end, so that all files are complete. */
function isClosed({ status }: RunRecord): boolean {
  return status !== 'running' && status !== 'failed';
}

function checkEnd(
  record: RunRecord,
  checkpoint: number | null,
  last: StoredCheckpoint | undefined,
  { problems, wrong }: Findings,
): void {
  if (isClosed(record) && checkpoint === null && problems.every(({ file }) => file !== 'checkpoints'))
    wrong('checkpoints', 'There is no checkpoint.');
  const { status } = record;
  if (!last || (status !== 'completed' && status !== 'diverged')) return;
  if (last.progress.diverged !== (status === 'diverged'))
    wrong(
      'run.json',
      `status is ${status}, but in the last checkpoint the run ${status === 'diverged' ? 'has not diverged' : 'has diverged'}.`,
    );
}
