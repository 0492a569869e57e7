/** @file Whether the files of a run belong together: record, config, rows, summary, checkpoints. Reads, and changes nothing. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { readRegular } from '../files.js';
import { type Checkpoint, hashWeights, listCheckpoints } from '../runs/checkpoint.js';
import { readConfig, readRecord, readSummary, statusOf } from '../runs/reading.js';
import { FORMAT, fingerprint, type RunRecord, runId, type Status, type Summary } from '../runs/record.js';
import { checkCheckpoints, loadCheckpoints } from './checkpoints.js';
import { createFindings, type Findings, type Problem } from './findings.js';
import { summaryProblems } from './record.js';
import { type CheckedRows, checkRows } from './rows.js';

/** What was found in a run's folder. */
export interface Verification {
  readonly directory: string;
  /** Null if run.json or config.json cannot be used; the other files are then not checked. */
  readonly status: Status | null;
  /** The last step that its files are about. */
  readonly steps: number;
  /** Of the last weights; null if they are not there, or the run diverged. */
  readonly weightsSha256: string | null;
  /** Whether the summary has that hash; not in runs of format 1. */
  readonly hashRecorded: boolean;
  readonly problems: readonly Problem[];
}

/**
 * Checks every file of a run.
 *
 * @param directory of a run
 * @returns all that is wrong, also where a file cannot be read
 */
export function verifyRun(directory: string): Verification {
  const findings = createFindings(directory);
  const { problems, add, wrong, attempt } = findings;
  const run = openRun(directory, findings);
  if (!run) return { directory, status: null, steps: 0, weightsSha256: null, hashRecorded: false, problems };
  const { record, config } = run;
  const status = statusOf(directory, record);
  checkIdentity(record, config, findings);

  // Checkpoints before rows: a process that goes on writes the rows before a checkpoint first.
  const steps = attempt('checkpoints', listCheckpoints) ?? [];
  const loaded = loadCheckpoints(directory, steps, status === 'running', findings);
  const checkpoint = steps.at(-1) ?? null;
  const last = loaded.find(({ checkpoint: { progress } }) => progress.step === checkpoint)?.checkpoint;
  const hasResult = status === 'completed' || status === 'diverged';
  const summary = hasResult ? openSummary(directory, findings) : null;
  const rows = openRows(directory, record, config, summary, checkpoint, findings);
  add(...(rows?.problems ?? []));
  checkEnd(record, checkpoint, last, findings);

  const epochs = rows?.problems.length === 0 ? rows.epochs : null;
  const classes = record.data.classes ?? 10; // runs of before it was written down are of MNIST
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

/** Record and config; null if they cannot be used. */
function openRun(
  directory: string,
  { problems, demand, attempt }: Findings,
): { record: RunRecord; config: Config } | null {
  const record = demand('run.json') ? attempt('run.json', () => readRecord(directory)) : null;
  const config = demand('config.json') ? attempt('config.json', () => readConfig(directory)) : null;
  return record && config && problems.length === 0 ? { record, config } : null;
}

/** Whether config, seed and data of a run are those that it was begun with. The data set itself may be gone. */
function checkIdentity(record: RunRecord, config: Config, { wrong }: Findings): void {
  const { format, arithmetic, data, run_id: id } = record;
  if (format !== FORMAT) return; // its fingerprint was made in another way
  const print = fingerprint(config, arithmetic, data.checksums);
  const expected = runId(config, print);
  if (print !== record.fingerprint)
    wrong('config.json', 'Its fingerprint is not the one in run.json: one of the two was changed.');
  else if (id !== expected) wrong('run.json', `run_id is ${id}, expected ${expected} by config.json.`);
}

/** The summary of a run that has a result. */
function openSummary(directory: string, { demand, attempt }: Findings): Summary | null {
  return demand('summary.json') ? attempt('summary.json', () => readSummary(directory)) : null;
}

/** The rows of a run, which a run that did not get to its first checkpoint may not have. */
function openRows(
  directory: string,
  record: RunRecord,
  config: Config,
  summary: Summary | null,
  checkpoint: number | null,
  { attempt, demand }: Findings,
): CheckedRows | null {
  const isDemanded = isClosed(record) || checkpoint !== null;
  const [steps, metrics] = ['steps.csv', 'metrics.csv'].map((file) =>
    (isDemanded ? demand(file) : existsSync(join(directory, file)))
      ? attempt(file, (path) => readRegular(path).toString())
      : null,
  );
  if (steps === null || metrics === null) return null;
  const lastStep = Number.isSafeInteger(summary?.steps) ? (summary?.steps ?? null) : null;
  return checkRows({ steps, metrics }, { config, status: record.status, checkpoint, summary: lastStep });
}

/** Whether the process of a run wrote down how it ended, whole files and all. */
function isClosed({ status }: RunRecord): boolean {
  return status !== 'running' && status !== 'failed';
}

function checkEnd(
  record: RunRecord,
  checkpoint: number | null,
  last: Checkpoint | undefined,
  { problems, wrong }: Findings,
): void {
  if (isClosed(record) && checkpoint === null && problems.every(({ file }) => file !== 'checkpoints'))
    wrong('checkpoints', 'There is no checkpoint.');
  const { status } = record;
  if (!last || (status !== 'completed' && status !== 'diverged')) return;
  if (last.progress.diverged !== (status === 'diverged'))
    wrong(
      'run.json',
      `status is ${status}, by the last checkpoint the run ${status === 'diverged' ? 'did not diverge' : 'diverged'}.`,
    );
}
