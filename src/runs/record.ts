/** @file What a run is: its identity, its record (run.json) and its summary. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Config, ConfigKey } from '../config.js';
import { replaceFile, toJson } from '../files.js';

/** Version of the files' format; part of every fingerprint. */
export const FORMAT = 2;

/** What run.json may say. */
export type StoredStatus = 'running' | 'completed' | 'interrupted' | 'failed' | 'diverged';
/** `stale`: it says running, but no process owns it. */
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
  /** Of the clone that ran; null for an installed package. */
  readonly git_commit: string | null;
  /** Whether its files were changed since that commit; earlier versions did not say. */
  readonly git_dirty?: boolean | null;
  readonly host: string;
  readonly backend: string;
  readonly device: string;
  /** What its results depend on besides config and data; see engines/arithmetic.ts. */
  readonly arithmetic: string;
  /** Which build of the kernel computed it; information only. */
  readonly kernel: string;
  readonly threads: number;
  /** How long the run is; earlier versions did not say. */
  readonly total_steps?: number;
  readonly data: {
    readonly directory: string | null;
    readonly classes: number;
    readonly checksums: Readonly<Record<string, string>>;
  };
  /** Why it failed, if it did. */
  readonly error: string | null;
}

/** The contents of summary.json, and what `--json` prints. */
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
  /** Whether the last validation accuracy is no better than guessing; earlier versions did not say. */
  readonly at_chance?: boolean;
  /** SHA-256 of the last weights, as `hashWeights` has it; null if the run diverged. */
  readonly weights_sha256: string | null;
  readonly seconds: number;
  readonly ms_per_step: number;
}

/** Keys of a config that are no part of a run's identity: the seed is in its name, its arithmetic stands for the backend. */
export const NO_IDENTITY: readonly ConfigKey[] = ['seed', 'backend', 'device', 'threads', 'data'];

/**
 * What makes a run this run: its config without what cannot change a result, its arithmetic, the data, the format.
 *
 * @param arithmetic of the backend that computes it
 * @returns SHA-256, 64 hex digits
 */
export function fingerprint(
  config: Config,
  arithmetic: string,
  checksums: Readonly<Record<string, string>>,
): string {
  const identity = Object.fromEntries(
    Object.entries(config).filter(([key]) => !NO_IDENTITY.includes(key as ConfigKey)),
  );
  return createHash('sha256')
    .update(`${FORMAT}\n${arithmetic}\n${canonical(identity)}\n${canonical(checksums)}`)
    .digest('hex');
}

/** JSON with sorted keys and no spaces: equal values give equal text. */
function canonical(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** `<model>[-clip<c>]-s<seed>-<8 hex of the fingerprint>` */
export function runId(config: Config, print: string): string {
  return [
    config.model,
    ...(config.clip === null ? [] : [`clip${config.clip}`]),
    `s${config.seed}`,
    print.slice(0, 8),
  ].join('-');
}

/** The commit that computed a run, in words. */
export function describeCommit({ git_commit, git_dirty }: RunRecord): string {
  return git_commit === null ? 'none' : `${git_commit.slice(0, 12)}${git_dirty ? ', with changes' : ''}`;
}

/** Replaces run.json; its status is the only end marker, so it is written last. */
export function writeRecord(directory: string, record: RunRecord): void {
  replaceFile(join(directory, 'run.json'), toJson(record));
}
