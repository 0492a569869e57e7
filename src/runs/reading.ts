/** @file Reads the JSON files of a run. An error names the missing or damaged file and how to repair it. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { configKeys, parseResolvedConfig, type ResolvedConfig } from '../config.js';
import { ioError, systemCode, UserError } from '../errors.js';
import { readRegular } from '../files.js';
import { singleLine } from '../text/printable.js';
import { recordProblems, summaryFieldProblems } from './fields.js';
import { ownerOf } from './lock.js';
import { runPaths } from './paths.js';
import { FORMAT, type RunRecord, type Status, type Summary } from './record.js';

type JsonFile = 'run.json' | 'config.json' | 'summary.json';

/** The largest accepted size; the JSON files of a run usually have a few kilobytes. */
const MOST_JSON_BYTES = 2 ** 26;

/** A run found on disk. */
export interface FoundRun {
  readonly directory: string;
  readonly config: ResolvedConfig;
  /** Null if the run has no result yet, or its summary is damaged. */
  readonly summary: Summary | null;
  readonly record: RunRecord;
  readonly status: Status;
  /** The problems of its summary; empty if it is intact. */
  readonly damage: readonly UserError[];
}

/** Files that mark the folder of a run. One of them is sufficient, because the others may be lost. */
const RUN_FILES = ['record', 'steps', 'checkpoints'] as const;

/**
 * The run in a folder, or null if the folder holds none.
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

/** How to repair a damaged file. */
function repair(directory: string, file: JsonFile): string {
  switch (file) {
    case 'run.json':
      return 'Restore a copy of it. Or move it away and run the command that started the run: it resumes from the last checkpoint and writes the file again.';
    case 'config.json':
      return 'Restore a copy of it. Or run the command that started the run, or its sweep, which writes the file again; run.json has its arguments under argv.';
    case 'summary.json':
      return `Write it again from the last checkpoint with \`wnlstm resume ${directory}\`.`;
    default:
      return file satisfies never;
  }
}

function attemptSummary(
  directory: string,
  record: RunRecord,
): { summary: Summary | null; damage: UserError[] } {
  try {
    const summary = readSummary(directory, record);
    const { status } = record;
    const isMissing = summary === null && (status === 'completed' || status === 'diverged');
    return { summary, damage: isMissing ? [damaged(directory, 'summary.json', ' is missing')] : [] };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { summary: null, damage: [error] };
  }
}

/**
 * The record of a run, or null if it is missing.
 *
 * @throws {UserError} E_RUN if it is damaged or of another format
 */
export function readRecord(directory: string): RunRecord | null {
  const json = readJson(directory, 'run.json');
  if (json === null) return null;
  const stored = json as unknown as RunRecord;
  if (!Number.isInteger(stored.format)) throw damaged(directory, 'run.json', ': the format is missing');
  if (stored.format !== FORMAT && stored.format !== 1) {
    throw new UserError(
      'E_RUN',
      `${join(directory, 'run.json')}: expected format ${FORMAT}, got ${JSON.stringify(stored.format) ?? 'none'}.`,
      {
        hint: 'Another version of wnlstm wrote it. Use that version, or another folder with `--runs DIR`.',
      },
    );
  }
  const problems = recordProblems(stored.format === 1 ? { ...stored, arithmetic: 'of its kernel' } : stored);
  if (problems.length > 0) throw damaged(directory, 'run.json', `: ${problems.join('; ')}`);
  const error = stored.error === null ? null : singleLine(stored.error);
  // In format 1 the results depended on the build of the kernel.
  return stored.format === 1
    ? { ...stored, error, arithmetic: `format-1-${stored.backend}-${stored.kernel.slice(0, 8)}` }
    : { ...stored, error };
}

/** A JSON object from a run's folder, or null if the file does not exist. */
function readJson(directory: string, file: JsonFile): Record<string, unknown> | null {
  const text = readText(directory, file);
  return text === null ? null : parseObject(directory, file, text);
}

function readText(directory: string, file: JsonFile): string | null {
  const path = join(directory, file);
  try {
    return readRegular(path, MOST_JSON_BYTES).toString();
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new UserError('E_RUN', ioError(`read ${path}`, error).message, {
      hint: repair(directory, file),
      cause: error,
    });
  }
}

function parseObject(directory: string, file: JsonFile, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const what = text.trim() === '' ? 'it is empty' : `it is not JSON (${(error as Error).message})`;
    throw damaged(directory, file, `: ${what}`, error);
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
export function readConfig(directory: string): ResolvedConfig {
  const json = readJson(directory, 'config.json');
  if (json === null) throw damaged(directory, 'config.json', ' is missing');
  const missing = configKeys.filter((key) => !(key in json));
  if (missing.length > 0)
    throw damaged(directory, 'config.json', `: keys are missing: ${missing.join(', ')}`);
  try {
    return parseResolvedConfig(json, '');
  } catch (error) {
    throw damaged(directory, 'config.json', (error as Error).message.replace(/\.$/, ''), error);
  }
}

/**
 * The summary of a run, with the folder that it was read from as `dir`; null if there is none.
 *
 * @throws {UserError} E_RUN if it is damaged, changed, or the summary of another run
 */
export function readSummary(directory: string, { run_id, summary_sha256 }: RunRecord): Summary | null {
  const text = readText(directory, 'summary.json');
  if (text === null) return null;
  const json = parseObject(directory, 'summary.json', text);
  const problems = summaryFieldProblems(json);
  if (problems.length > 0) throw damaged(directory, 'summary.json', `: ${problems.join('; ')}`);
  const summary = { ...(json as unknown as Summary), dir: directory };
  if (summary.run_id !== run_id)
    throw damaged(
      directory,
      'summary.json',
      `: expected the summary of ${run_id}, got that of ${summary.run_id}`,
    );
  if (summary_sha256 !== undefined && createHash('sha256').update(text).digest('hex') !== summary_sha256)
    throw damaged(
      directory,
      'summary.json',
      ': it was changed; its SHA-256 differs from the one in run.json',
    );
  return summary;
}

/**
 * The summary of a run that has ended; null if it has no result, or if its record or summary is damaged.
 *
 * @param runId the id that the run must have; the folder may hold a copy of another run
 */
export function readResult(directory: string, runId: string): Summary | null {
  try {
    const record = readRecord(directory);
    if (record?.run_id !== runId || (record.status !== 'completed' && record.status !== 'diverged'))
      return null;
    const summary = readSummary(directory, record);
    return summary?.status === record.status ? summary : null;
  } catch (error) {
    if (error instanceof UserError) return null; // training the run again reports the damage
    throw error;
  }
}

/** The current status of a run. */
export function statusOf(directory: string, record: RunRecord): Status {
  return record.status === 'running' && ownerOf(directory) === null ? 'stale' : record.status;
}

/** Whether a folder is that of a run, even if files are missing. */
export function holdsRun(directory: string): boolean {
  const paths = runPaths(directory);
  return RUN_FILES.some((name) => existsSync(paths[name]));
}
