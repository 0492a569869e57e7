/** @file A run is a folder of plain files: its name, its record (run.json), its summary, and finding it again. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import type { Config, ConfigKey } from '../config.js';
import { ioError, UserError } from '../errors.js';
import { isDirectory, replaceFile, toJson } from '../files.js';
import { nearest } from '../nearest.js';
import { ownerOf } from './lock.js';

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
  /** SHA-256 of the last weights, as `hashWeights` has it; null if the run diverged. */
  readonly weights_sha256: string | null;
  readonly seconds: number;
  readonly ms_per_step: number;
}

/** JSON with sorted keys and no spaces: equal values give equal text. */
const canonical = (value: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));

/** Keys of a config that are no part of a run's identity: the seed is in its name, its arithmetic stands for the backend. */
export const NO_IDENTITY: readonly ConfigKey[] = ['seed', 'backend', 'device', 'threads', 'data'];

/**
 * What makes a run this run: its config without what cannot change a result, its arithmetic, the data, the format.
 *
 * @param arithmetic of the backend that computes it
 * @returns SHA-256, 64 hex digits
 */
export const fingerprint = (
  config: Config,
  arithmetic: string,
  checksums: Readonly<Record<string, string>>,
): string => {
  const identity = Object.fromEntries(
    Object.entries(config).filter(([key]) => !NO_IDENTITY.includes(key as ConfigKey)),
  );
  return createHash('sha256')
    .update(`${FORMAT}\n${arithmetic}\n${canonical(identity)}\n${canonical(checksums)}`)
    .digest('hex');
};

/** `<model>[-clip<c>]-s<seed>-<8 hex of the fingerprint>` */
export const runId = (config: Config, print: string): string =>
  [
    config.model,
    ...(config.clip === null ? [] : [`clip${config.clip}`]),
    `s${config.seed}`,
    print.slice(0, 8),
  ].join('-');

const readJson = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UserError('E_RUN', `${path}: expected JSON, got ${(error as Error).message}.`, {
      hint: 'Move its folder away, then run the same command again.',
      cause: error,
    });
  }
};

/** The record of a run, or null if the folder holds none. */
export const readRecord = (directory: string): RunRecord | null => {
  const path = join(directory, 'run.json');
  if (!existsSync(path)) return null;
  const record = readJson(path) as RunRecord | null;
  const checksums: unknown = record?.data?.checksums;
  if (record && (typeof checksums !== 'object' || checksums === null)) {
    throw new UserError('E_RUN', `${path}: expected the SHA-256 checksums of the data, got none.`, {
      hint: 'The file is damaged. See what else is wrong with the run: `wnlstm verify RUN`.',
    });
  }
  if (record?.format === FORMAT) return record;
  // Runs of before had the bits of their build of the kernel.
  if (record?.format === 1)
    return { ...record, arithmetic: `format-1-${record.backend}-${record.kernel.slice(0, 8)}` };
  throw new UserError('E_RUN', `${path}: expected format ${FORMAT}, got ${record?.format}.`, {
    hint: 'It was written by another version of wnlstm; use another folder with `--runs DIR`.',
  });
};

/** The commit that computed a run, in words. */
export const describeCommit = ({ git_commit, git_dirty }: RunRecord): string =>
  git_commit === null ? 'none' : `${git_commit.slice(0, 12)}${git_dirty ? ', with changes' : ''}`;

/** Replaces run.json; its status is the only end marker, so it is written last. */
export const writeRecord = (directory: string, record: RunRecord): void =>
  replaceFile(join(directory, 'run.json'), toJson(record));

/** The resolved config of a run. */
export const readConfig = (directory: string): Config => readJson(join(directory, 'config.json')) as Config;

export const readSummary = (directory: string): Summary | null => {
  const path = join(directory, 'summary.json');
  return existsSync(path) ? (readJson(path) as Summary) : null;
};

/** The status of a run as it is now. */
export const statusOf = (directory: string, record: RunRecord): Status =>
  record.status === 'running' && ownerOf(directory) === null ? 'stale' : record.status;

/** A run found on disk. */
export interface FoundRun {
  readonly directory: string;
  readonly config: Config;
  /** Null if it has no result yet. */
  readonly summary: Summary | null;
  readonly record: RunRecord;
  readonly status: Status;
}

const readRun = (directory: string): FoundRun | null => {
  const record = readRecord(directory);
  if (!record) return null;
  const [config, summary] = [readConfig(directory), readSummary(directory)];
  return { directory, record, config, summary, status: statusOf(directory, record) };
};

/** What marks the folder of a sweep, whose runs lie in it. */
export const PLAN_FILE = 'plan.json';

/** Whether a folder is a sweep's. */
export const isSweep = (directory: string): boolean => existsSync(join(directory, PLAN_FILE));

const namesIn = (directory: string): string[] => {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw ioError(`list ${directory}`, error);
  }
};

/** Folders that may hold a run: those in the folder, and one level down those of its sweeps. */
const candidates = (runsDirectory: string): string[] =>
  namesIn(runsDirectory).flatMap((name) => {
    const directory = join(runsDirectory, name);
    if (!isSweep(directory)) return [directory];
    return namesIn(directory).map((run) => join(directory, run));
  });

/**
 * All runs below a folder, by start, oldest first; those of sweeps too.
 *
 * @param onDamaged is told of each run that cannot be read; the others are listed all the same
 */
export const listRuns = (runsDirectory: string, onDamaged: (error: UserError) => void): FoundRun[] => {
  if (!existsSync(runsDirectory)) return [];
  const runs: FoundRun[] = [];
  for (const directory of candidates(runsDirectory)) {
    try {
      const run = readRun(directory);
      if (run) runs.push(run);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onDamaged(error);
    }
  }
  return runs.sort((a, b) => a.record.started_at.localeCompare(b.record.started_at));
};

/** What only the folder of a run holds; any of them may have been lost. */
const RUN_FILES = ['run.json', 'steps.csv', 'checkpoints'];

const holdsRun = (directory: string): boolean => RUN_FILES.some((name) => existsSync(join(directory, name)));

/**
 * Folders of all runs that a name means, also of those that cannot be read: of one run, or of those in a sweep or folder.
 *
 * @throws {UserError} E_RUN if there is none, or the start of an id means several
 */
export const runDirectories = (runsDirectory: string, name: string): string[] => {
  for (const folder of [name, join(runsDirectory, name)]) {
    if (holdsRun(folder)) return [folder];
    const inside = isDirectory(folder) ? candidates(folder).filter(holdsRun) : [];
    if (inside.length > 0) return inside;
  }
  const begun = (existsSync(runsDirectory) ? candidates(runsDirectory) : []).filter(
    (directory) => holdsRun(directory) && basename(directory).startsWith(name),
  );
  return begun.length === 1 ? begun : [findRun(runsDirectory, name).directory];
};

/** How a run is called within the folder of all: its id, with the sweep's name before it if it has one. */
export const nameOf = (runsDirectory: string, { directory }: FoundRun): string =>
  relative(runsDirectory, directory);

const refuseSweep = (runsDirectory: string, name: string): void => {
  const directory = [name, join(runsDirectory, name)].find(isSweep);
  if (directory === undefined) return;
  throw new UserError('E_RUN', `Expected one run, got the sweep ${directory}.`, {
    hint: `Its runs: \`wnlstm ls --runs ${directory}\`. All together: \`wnlstm compare ${directory}\`, \`wnlstm plot ${directory}\`.`,
  });
};

/**
 * The one run that a name means: a folder, a run id or the start of one; without a name, the newest of a kind.
 *
 * @throws {UserError} E_RUN if there is none or more than one
 */
export const findRun = (
  runsDirectory: string,
  name: string | undefined,
  newest: { kind: string; wanted: (run: FoundRun) => boolean } = { kind: 'run', wanted: () => true },
): FoundRun => {
  if (name !== undefined) refuseSweep(runsDirectory, name);
  const direct = name === undefined ? null : readRun(name);
  if (direct) return direct;
  const runs = listRuns(runsDirectory, () => {}); // a damaged run is no reason not to find another
  if (name === undefined) {
    const found = runs.filter(newest.wanted).at(-1);
    if (found) return found;
    throw new UserError('E_RUN', `There is no ${newest.kind} in ${runsDirectory}.`, {
      hint: 'List all with `wnlstm ls`, start one with `wnlstm train`.',
    });
  }
  const isExact = (run: FoundRun): boolean =>
    run.record.run_id === name || nameOf(runsDirectory, run) === name;
  const begins = (run: FoundRun): boolean =>
    run.record.run_id.startsWith(name) || nameOf(runsDirectory, run).startsWith(name);
  const exact = runs.filter(isExact);
  const matches = exact.length > 0 ? exact : runs.filter(begins);
  if (matches.length === 1) return matches[0];
  const some = matches.slice(0, 5).map((run) => nameOf(runsDirectory, run));
  const names = [...new Set(runs.flatMap((run) => nameOf(runsDirectory, run).split(sep)))];
  const found =
    matches.length === 0
      ? `no run${nearest(name, names)}`
      : `${matches.length} runs (${some.join(', ')}${matches.length > some.length ? ', …' : ''})`;
  throw new UserError('E_RUN', `Expected one run called ${name} in ${runsDirectory}, found ${found}.`, {
    hint: 'List them with `wnlstm ls`.',
  });
};
