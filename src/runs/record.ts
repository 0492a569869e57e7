/** @file The identity of a run, its record (run.json) and its summary (summary.json). */

import { createHash } from 'node:crypto';
import type { Config, ConfigKey } from '../config.js';
import { replaceFile, toJson } from '../files.js';
import { runPaths } from './paths.js';

/** The version of the file format, which is part of every fingerprint. */
export const FORMAT = 2;

/** The status in run.json. */
export type StoredStatus = 'running' | 'completed' | 'interrupted' | 'failed' | 'diverged';
/** `stale` means that run.json says running, but no process owns the run. */
export type Status = StoredStatus | 'stale';

/** The contents of run.json. */
export interface RunRecord {
  readonly format: number;
  readonly run_id: string;
  readonly status: StoredStatus;
  readonly fingerprint: string;
  readonly started_at: string;
  readonly updated_at: string;
  readonly argv: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  /** The commit of the clone that ran; null for an installed package. */
  readonly git_commit: string | null;
  /** Whether files were changed since that commit; earlier versions did not record it. */
  readonly git_dirty?: boolean | null;
  readonly host: string;
  readonly backend: string;
  readonly device: string;
  /** The arithmetic that the results depend on, besides config and data; see engines/arithmetic.ts. */
  readonly arithmetic: string;
  /** The build of the kernel that computed it; for information only. */
  readonly kernel: string;
  readonly threads: number;
  /** The step at which the last start resumed, and the number of starts there; earlier versions did not record them. */
  readonly start_step?: number;
  readonly starts?: number;
  /** The length of the run; earlier versions did not record it. */
  readonly total_steps?: number;
  readonly data: {
    readonly directory: string | null;
    readonly classes: number;
    readonly checksums: Readonly<Record<string, string>>;
  };
  /** SHA-256 of summary.json; missing without a result, and in runs of earlier versions. */
  readonly summary_sha256?: string;
  /** The reason for a failure, or null. */
  readonly error: string | null;
}

/** The contents of summary.json, which `--json` prints. */
export interface Summary {
  readonly run_id: string;
  readonly dir: string;
  readonly status: 'completed' | 'diverged';
  readonly backend: string;
  readonly device: string;
  readonly model: string;
  readonly seed: number;
  readonly steps: number;
  readonly epochs: number;
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly val_loss: number | null;
  readonly val_accuracy: number | null;
  readonly test_loss: number | null;
  readonly test_accuracy: number | null;
  readonly best_epoch: number | null;
  readonly best_val_accuracy: number | null;
  readonly best_test_loss: number | null;
  readonly best_test_accuracy: number | null;
  /** Whether the last validation accuracy is at chance level; earlier versions did not record it. */
  readonly at_chance?: boolean;
  /** SHA-256 of the last weights, see `hashWeights`; null if the run diverged. */
  readonly weights_sha256: string | null;
  readonly seconds: number;
  readonly ms_per_step: number;
}

/** Config keys that are not in the fingerprint: the seed is in the run's id, and the arithmetic stands for the backend. */
export const NOT_IDENTITY: readonly ConfigKey[] = ['seed', 'backend', 'device', 'threads', 'data'];

/**
 * The identity of a run: the config keys that can change a result, the arithmetic, the data and the file format.
 *
 * @param arithmetic the arithmetic of the backend
 * @param checksums SHA-256 of the data's files, by name
 * @returns SHA-256, 64 hex digits
 */
export function fingerprintOf(
  config: Config,
  arithmetic: string,
  checksums: Readonly<Record<string, string>>,
): string {
  const identity = Object.fromEntries(
    Object.entries(config).filter(([key]) => !NOT_IDENTITY.includes(key as ConfigKey)),
  );
  return createHash('sha256')
    .update(`${FORMAT}\n${arithmetic}\n${canonical(identity)}\n${canonical(checksums)}`)
    .digest('hex');
}

/** JSON with sorted keys and no spaces, so that equal values give equal text. */
function canonical(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** `<model>[-clip<c>]-s<seed>-<8 hex of the fingerprint>` */
export function runId(config: Config, fingerprint: string): string {
  return [
    config.model,
    ...(config.clip === null ? [] : [`clip${config.clip}`]),
    `s${config.seed}`,
    fingerprint.slice(0, 8),
  ].join('-');
}

/** Describes the commit that computed a run. */
export function describeCommit({ git_commit, git_dirty }: RunRecord): string {
  return git_commit === null ? 'none' : `${git_commit.slice(0, 12)}${git_dirty ? ', with changes' : ''}`;
}

/** Replaces run.json. Only its status shows that a run has ended, so it is written after all other files. */
export function writeRecord(directory: string, record: RunRecord): void {
  replaceFile(runPaths(directory).record, toJson(record));
}
