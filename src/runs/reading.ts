/** @file Reading the JSON files of a run; what is missing or damaged is named, with what still works and what repairs it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, configKeys, parseConfig } from '../config.js';
import { ioError, systemCode, UserError } from '../errors.js';
import { readRegular } from '../files.js';
import { recordProblems, summaryFieldProblems } from './fields.js';
import { ownerOf } from './lock.js';
import { FORMAT, type RunRecord, type Status, type Summary } from './record.js';

type JsonFile = 'run.json' | 'config.json' | 'summary.json';

/** A run found on disk. */
export interface FoundRun {
  readonly directory: string;
  readonly config: Config;
  /** Null if it has no result yet, or its summary is damaged. */
  readonly summary: Summary | null;
  readonly record: RunRecord;
  readonly status: Status;
  /** What is wrong with its summary. */
  readonly damage: readonly UserError[];
}

/** What only the folder of a run holds; any of them may have been lost. */
const RUN_FILES = ['run.json', 'steps.csv', 'checkpoints'];

/**
 * The run in a folder; null if it holds none.
 *
 * @throws {UserError} E_RUN if its record or config is missing or damaged
 */
export function readRun(directory: string): FoundRun | null {
  const record = readRecord(directory);
  if (record === null) {
    if (holdsRun(directory)) throw damaged(directory, 'run.json', ' is missing');
    return null;
  }
  const config = readConfig(directory);
  const status = statusOf(directory, record);
  return { directory, record, config, status, ...attemptSummary(directory, record) };
}

function damaged(directory: string, file: JsonFile, problem: string, cause?: unknown): UserError {
  return new UserError('E_RUN', `${join(directory, file)}${problem}.`, {
    hint: repair(directory, file),
    cause,
  });
}

/** What to do about a damaged file. */
function repair(directory: string, file: JsonFile): string {
  switch (file) {
    case 'run.json':
      return 'Put back a copy of it, or move it away and give the command that began the run again: it goes on from the last checkpoint and writes the file anew.';
    case 'config.json':
      return 'Put back a copy of it, or give the command that began the run, or its sweep, again: it writes the file anew. Its arguments stand in run.json under argv.';
    case 'summary.json':
      return `Write it anew from the last checkpoint: \`wnlstm resume ${directory}\`.`;
    default:
      return file satisfies never;
  }
}

function attemptSummary(
  directory: string,
  { status }: RunRecord,
): { summary: Summary | null; damage: UserError[] } {
  try {
    const summary = readSummary(directory);
    const isMissing = summary === null && (status === 'completed' || status === 'diverged');
    return { summary, damage: isMissing ? [damaged(directory, 'summary.json', ' is missing')] : [] };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { summary: null, damage: [error] };
  }
}

/**
 * The record of a run, or null if the folder holds none.
 *
 * @throws {UserError} E_RUN if it is damaged or of another format
 */
export function readRecord(directory: string): RunRecord | null {
  const json = readJson(directory, 'run.json');
  if (json === null) return null;
  const stored = json as unknown as RunRecord;
  if (!Number.isInteger(stored.format)) throw damaged(directory, 'run.json', ': it has no format');
  if (stored.format !== FORMAT && stored.format !== 1) {
    throw new UserError(
      'E_RUN',
      `${join(directory, 'run.json')}: expected format ${FORMAT}, got ${JSON.stringify(stored.format) ?? 'none'}.`,
      {
        hint: 'It was written by another version of wnlstm; use that version, or another folder with `--runs DIR`.',
      },
    );
  }
  const problems = recordProblems(stored.format === 1 ? { ...stored, arithmetic: 'of its kernel' } : stored);
  if (problems.length > 0) throw damaged(directory, 'run.json', `: ${problems.join('; ')}`);
  // Runs of format 1 had the bits of their build of the kernel.
  return stored.format === 1
    ? { ...stored, arithmetic: `format-1-${stored.backend}-${stored.kernel.slice(0, 8)}` }
    : stored;
}

/** A JSON object from a run's folder, or null if there is no such file. */
function readJson(directory: string, file: JsonFile): Record<string, unknown> | null {
  const path = join(directory, file);
  let text: string;
  try {
    text = readRegular(path).toString();
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new UserError('E_RUN', ioError(`read ${path}`, error).message, {
      hint: repair(directory, file),
      cause: error,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const got = text.trim() === '' ? 'an empty file' : (error as Error).message;
    throw damaged(directory, file, `: expected JSON, got ${got}`, error);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw damaged(directory, file, `: expected a JSON object, got ${JSON.stringify(value)?.slice(0, 40)}`);
}

/**
 * The resolved config of a run.
 *
 * @throws {UserError} E_RUN if it is missing or damaged
 */
export function readConfig(directory: string): Config {
  const json = readJson(directory, 'config.json');
  if (json === null) throw damaged(directory, 'config.json', ' is missing');
  const missing = configKeys.filter((key) => !(key in json));
  if (missing.length > 0)
    throw damaged(directory, 'config.json', `: expected all keys, ${missing.join(', ')} missing`);
  try {
    return parseConfig(json, '');
  } catch (error) {
    throw damaged(directory, 'config.json', (error as Error).message.replace(/\.$/, ''), error);
  }
}

/**
 * The summary of a run; its `dir` is where it was read from. Null if it has none.
 *
 * @throws {UserError} E_RUN if it is damaged
 */
export function readSummary(directory: string): Summary | null {
  const json = readJson(directory, 'summary.json');
  if (json === null) return null;
  const problems = summaryFieldProblems(json);
  if (problems.length > 0) throw damaged(directory, 'summary.json', `: ${problems.join('; ')}`);
  return { ...(json as unknown as Summary), dir: directory };
}

/** The status of a run as it is now. */
export function statusOf(directory: string, record: RunRecord): Status {
  return record.status === 'running' && ownerOf(directory) === null ? 'stale' : record.status;
}

/** Whether a folder is, or was, that of a run. */
export function holdsRun(directory: string): boolean {
  return RUN_FILES.some((name) => existsSync(join(directory, name)));
}
