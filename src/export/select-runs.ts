/** @file Finds the runs to export, from any mixture of runs, folders of runs and sweeps. */

import { basename, join, resolve } from 'node:path';
import { UserError } from '../errors.js';
import type { RunRows } from '../results/arm.js';
import { readOr, readRows } from '../results/read-run.js';
import { readWith } from '../results/results.js';
import { isSweep, placesOf, withoutFiles } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';

/** A run to export, its rows, and its place among the other runs. */
export interface ExportedRun {
  readonly run: FoundRun;
  readonly rows: RunRows;
  readonly arm: string;
  /** The name of its sweep, which is that of the folder; null if it was not exported as part of one. */
  readonly sweep: string | null;
  /** A path without an ending that no other run has: the name of its folder, after that of its sweep if other runs are exported too. */
  readonly name: string;
}

/** The runs to export. */
export interface Selection {
  readonly runs: readonly ExportedRun[];
  /** Sentences about excluded runs. */
  readonly notes: readonly string[];
  /** Whether the names stand for one run, which is not exported as part of a sweep. */
  readonly isSingle: boolean;
}

/** The rows of a run that also says where they are from. */
interface LoggedRun extends RunRows {
  readonly run: FoundRun;
}

/**
 * Finds the runs that names stand for.
 *
 * @param names sweeps, runs and folders of runs
 * @param needsWeights whether only completed runs can be exported; the others are excluded with a note
 * @throws {UserError} E_RUN if no run can be exported
 */
export function selectRuns(
  runsDirectory: string,
  names: readonly string[],
  needsWeights: boolean,
): Selection {
  const isNameOfSweep = (name: string): boolean => placesOf(runsDirectory, name).some(isSweep);
  const given = withoutFiles(names);
  const others = given.filter((name) => !isNameOfSweep(name));
  const sources = [
    ...given.filter(isNameOfSweep).map((name) => [name]),
    ...(others.length > 0 ? [others] : []),
  ];
  const read = needsWeights ? readCompleted : readLogged;
  const results = sources.map((source) => readWith(read, runsDirectory, source));
  const runs = results.flatMap(({ plan, directory, arms }) => {
    const sweep = plan && directory !== null ? basename(resolve(directory)) : null;
    return arms.flatMap((arm) =>
      arm.runs.map(({ run, ...rows }): ExportedRun => {
        const folder = basename(resolve(run.directory));
        const name = sweep !== null && sources.length > 1 ? join(sweep, folder) : folder;
        return { run, rows, arm: arm.name, sweep, name };
      }),
    );
  });
  const notes = results.flatMap((result) => result.notes);
  if (runs.length === 0) throw nothingToExport(names, notes, needsWeights);
  requireNames(runs);
  return { runs, notes, isSingle: runs.length === 1 && results.every(({ plan }) => plan === null) };
}

function readLogged(run: FoundRun): LoggedRun | string {
  const rows = readRows(run);
  return typeof rows === 'string' ? rows : { ...rows, run };
}

/** Reads a completed run. Its weights do not depend on its rows, which may be damaged. */
function readCompleted(run: FoundRun): LoggedRun | string {
  const { status, summary, config } = run;
  if (status !== 'completed') return `the run is ${status}`;
  if (!summary) return 'its summary is missing or damaged';
  const rows = readOr('', () => readRows(run));
  return { ...(typeof rows === 'string' ? { seed: config.seed, epochs: [], steps: [] } : rows), run };
}

function nothingToExport(
  names: readonly string[],
  notes: readonly string[],
  needsWeights: boolean,
): UserError {
  const what = needsWeights ? 'final weights' : 'rows';
  return new UserError('E_RUN', `No run in ${names.join(', ')} has ${what}. ${notes.join(' ')}`.trim(), {
    hint: needsWeights
      ? 'Only completed runs have them; `wnlstm resume RUN` finishes one that was stopped. The formats csv and tensorboard also export other runs.'
      : 'Check the runs with `wnlstm verify`.',
  });
}

/** Two runs with one name would be written to the same file. */
function requireNames(runs: readonly ExportedRun[]): void {
  const known = new Map<string, FoundRun>();
  for (const { name, run } of runs) {
    const other = known.get(name);
    known.set(name, run);
    if (other === undefined) continue;
    throw new UserError('E_USAGE', `${other.directory} and ${run.directory} have the same name.`, {
      hint: 'Export them one after the other, to different paths.',
    });
  }
}
