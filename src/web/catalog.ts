/** @file The runs and sweeps of the page. Each look reads only the records that have changed since the last one. */

import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isDirectory } from '../files.js';
import { armNames } from '../results/arm-names.js';
import { secondsToEnd, speedBetween } from '../results/estimate.js';
import { stateOf } from '../runs/file-state.js';
import { candidates, isSweep, placesOf, runDirectories } from '../runs/find.js';
import { followCsv, type Tail } from '../runs/follow-csv.js';
import { runPaths } from '../runs/paths.js';
import { type FoundRun, holdsRun, readRun } from '../runs/reading.js';
import { attempt } from './attempt.js';
import { infoOf } from './run-info.js';
import type { GroupInfo, RunInfo } from './shared/protocol.js';
import { readSweep, type SweepState } from './sweep-state.js';

/** A run of the page. */
export interface WatchedRun {
  readonly key: string;
  readonly directory: string;
  /** The path of its sweep's folder, relative to the folder of all runs; empty if it belongs to none. */
  readonly group: string;
  /** Null if it is damaged. */
  readonly found: FoundRun | null;
  readonly problem: string | null;
  readonly steps: Tail;
  readonly epochs: Tail;
}

/** All runs and sweeps at one moment. */
export interface Listing {
  readonly runs: ReadonlyMap<string, RunInfo>;
  readonly groups: readonly GroupInfo[];
}

/** The runs of the page. */
export interface Catalog {
  /** Looks at the folders and returns what is there. */
  readonly look: () => Listing;
  readonly runOf: (key: string) => WatchedRun | undefined;
  /** The name of a run's arm, as of the last look; null if it has none. */
  readonly armOf: (key: string) => string | null;
  readonly sweepOf: (group: string) => SweepState | undefined;
  readonly all: () => Iterable<WatchedRun>;
}

/**
 * Opens the runs and sweeps of a folder.
 *
 * @param names sweeps, runs or folders of runs; all runs of the folder without names
 * @throws {UserError} E_RUN if a name stands for no run
 */
export function openCatalog(runsDirectory: string, names: readonly string[]): Catalog {
  const sources = names.map((name) => sourceOf(runsDirectory, name));
  const all = names.length === 0 ? [folderSource(runsDirectory)] : sources;
  let runs = new Map<string, WatchedRun>();
  let sweeps = new Map<string, SweepState>();
  let listing: Listing = { runs: new Map(), groups: [] };
  const signatures = new Map<string, string>();

  const look = (): Listing => {
    const lists = all.map((list) => list());
    const found = new Set(lists.flatMap((list) => list.runs)); // names may overlap
    const next = [...found].flatMap((directory) => lookAt(directory) ?? []);
    runs = new Map(next.map((run) => [run.key, run]));
    for (const key of signatures.keys()) if (!runs.has(key)) signatures.delete(key);
    const parents = [...found].map((directory) => dirname(directory)).filter(isSweep);
    const folders = new Set([...lists.flatMap((list) => list.sweeps), ...parents]);
    sweeps = new Map(
      [...folders].map((folder) => {
        const name = keyOf(folder);
        return [name, readSweep(folder, sweeps.get(name))];
      }),
    );
    listing = describe();
    return listing;
  };

  const keyOf = (directory: string): string =>
    relative(runsDirectory, directory).replaceAll('\\', '/') || directory;

  const lookAt = (directory: string): WatchedRun | null => {
    const key = keyOf(directory);
    const before = runs.get(key);
    const paths = runPaths(directory);
    const signature = [paths.record, paths.summary, paths.config].map(stateOf).join();
    // The status of a run that trains also depends on its lock.
    const isSettled = before?.found?.record.status !== 'running';
    if (before && isSettled && signatures.get(key) === signature) return before;
    signatures.set(key, signature);
    const read = attempt(() => readRun(directory));
    if ('value' in read && read.value === null) return null; // it was removed meanwhile
    const folder = dirname(directory);
    return {
      key,
      directory,
      group: isSweep(folder) ? keyOf(folder) : '',
      found: 'value' in read ? read.value : null,
      problem: 'problem' in read ? read.problem : null,
      steps: before?.steps ?? followCsv(paths.steps),
      epochs: before?.epochs ?? followCsv(paths.epochs),
    };
  };

  const describe = (): Listing => {
    const loose = [...runs.values()].flatMap(({ group, found }) => (group === '' && found ? [found] : []));
    const looseArms = armsOfLoose(loose);
    const infos = [...runs.values()].map((run): [string, RunInfo] => {
      const arms = run.group === '' ? looseArms : sweeps.get(run.group)?.arms;
      return [run.key, infoOf(run, (run.found && arms?.get(run.found.record.fingerprint)) ?? null)];
    });
    const groups = [...sweeps].map(([name, { plan, problem, planned }]) => {
      const members = infos.flatMap(([, info]) => (info.group === name ? [info] : []));
      const started = members.map(({ startedAt }) => startedAt).filter(Boolean);
      const info: GroupInfo = {
        name,
        about: plan?.about ?? null,
        arms: plan?.arms.map((arm) => arm.name) ?? [],
        planned,
        secondsLeft: secondsToEnd(
          members.map(({ key, status, step, totalSteps }) => ({
            isRunning: status === 'running',
            step,
            totalSteps,
            speed: speedOf(runs.get(key)),
          })),
          Math.max(0, planned - members.length),
        ),
        problem,
      };
      return { info, started: started.sort()[0] ?? NOT_STARTED };
    });
    // The newest sweep is first, by its first run, so that the order and the colours stay while runs start.
    groups.sort((a, b) => b.started.localeCompare(a.started) || a.info.name.localeCompare(b.info.name));
    return { runs: new Map(infos), groups: groups.map(({ info }) => info) };
  };

  return {
    look,
    runOf: (key) => runs.get(key),
    armOf: (key) => listing.runs.get(key)?.arm ?? null,
    sweepOf: (group) => sweeps.get(group),
    all: () => runs.values(),
  };
}

/** Later than the start of all runs. */
const NOT_STARTED = '\u{10ffff}';

/**
 * The steps per second of a run over the later half of its rows; over all epochs if no page follows its rows; null without
 * two rows or an epoch.
 */
function speedOf(run: WatchedRun | undefined): number | null {
  if (!run) return null;
  const { steps, epochs } = run;
  const rows = steps.table.count;
  const [table, middle] = rows > 1 ? [steps.table, Math.floor((rows - 1) / 2)] : [epochs.table, -2];
  const timeAt = (row: number) => ({
    step: table.at('step', row),
    elapsed_seconds: table.at('elapsed_seconds', row),
  });
  return speedBetween(timeAt(middle), timeAt(-1));
}

/** The folders of runs, and of sweeps, which may have no run yet. */
interface Folders {
  readonly runs: readonly string[];
  readonly sweeps: readonly string[];
}
type Source = () => Folders;

/** What lists the folders that a name stands for. A sweep may have no run yet, and new ones later. */
function sourceOf(runsDirectory: string, name: string): Source {
  const folder = placesOf(runsDirectory, name).find((path) => holdsRun(path) || isDirectory(path));
  if (folder !== undefined && !holdsRun(folder)) return folderSource(folder);
  const runs = folder === undefined ? runDirectories(runsDirectory, name) : [folder];
  return () => ({ runs: runs.filter(holdsRun), sweeps: [] });
}

/** The runs and sweeps in a folder; none while it does not exist or cannot be read. */
function folderSource(folder: string): Source {
  return () => {
    const listed = attempt(() => ({
      runs: isDirectory(folder) ? candidates(folder).filter(holdsRun) : [],
      sweeps: isSweep(folder) ? [folder] : sweepsIn(folder),
    }));
    return 'value' in listed ? listed.value : { runs: [], sweeps: [] };
  };
}

function sweepsIn(folder: string): string[] {
  return isDirectory(folder)
    ? readdirSync(folder)
        .map((name) => join(folder, name))
        .filter(isSweep)
    : [];
}

/** The names of arms without a plan, by fingerprint. */
function armsOfLoose(found: readonly FoundRun[]): ReadonlyMap<string, string> {
  const first = new Map(found.map((run) => [run.record.fingerprint, run]));
  const names = armNames([...first.values()]);
  return new Map([...first].map(([fingerprint, run]) => [fingerprint, names.get(run) ?? run.record.run_id]));
}
