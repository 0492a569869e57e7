/** @file The state of runs while they train, as `ls` lists it, with their rows. Each call reads only what has changed. */

import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.js';
import { isDirectory } from '../files.js';
import { candidates, isSweep, nameOf, PLAN_FILE, runDirectories } from '../runs/find.js';
import type { EpochRow } from '../runs/metrics.js';
import { holdsRun } from '../runs/reading.js';
import { type Plan, plannedRuns, readPlan } from '../sweep/plan.js';
import { armNames } from './arm-names.js';
import { createRunFollower, type FollowedRun } from './followed-run.js';
import { type ListedRun, totalStepsOf } from './listing.js';
import type { ThinnedRows } from './thinned.js';

/** A run and its rows. */
export interface WatchedRun extends ListedRun {
  /** The name of its arm in the plan, or one made from its config; after the name of the sweep if there are several. */
  readonly arm: string;
  readonly steps: ThinnedRows;
  readonly epochs: readonly EpochRow[];
  /** Its latest steps per second; null unless it is running and has two rows. */
  readonly speed: number | null;
}

/** All runs at a moment. */
export interface Watched {
  /** Ordered by their start. */
  readonly runs: readonly WatchedRun[];
  /** The number of planned runs that have not started. */
  readonly waiting: number;
  /** A sentence for everything that cannot be read. */
  readonly damage: readonly string[];
}

/** A plan, or the reason why it cannot be read. */
type PlanFile = Plan | UserError | null;

/**
 * The folders that names stand for: of runs, sweeps, or folders of runs.
 *
 * @throws {UserError} E_RUN if a name stands for nothing
 */
export function watchedPlaces(runsDirectory: string, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const folder = [name, join(runsDirectory, name)].find(isDirectory);
    return folder === undefined ? runDirectories(runsDirectory, name) : [folder];
  });
}

/**
 * Follows the runs in folders. New runs appear, and removed ones disappear.
 *
 * @param places runs, sweeps, or folders of runs; they may not exist yet
 * @returns a function that gives all runs as they are now; the same object if nothing has changed
 */
export function createWatcher(runsDirectory: string, places: readonly string[]): () => Watched {
  const followers = new Map<string, () => FollowedRun | null>();
  const planOf = createPlanReader();
  let state = '';
  let watched: Watched = { runs: [], waiting: 0, damage: [] };
  return () => {
    const directories = [...new Set(places.flatMap(runsIn))];
    for (const known of followers.keys()) if (!directories.includes(known)) followers.delete(known);
    const damage: string[] = [];
    const found = directories.flatMap((directory): FollowedRun[] => {
      const follower = followers.get(directory) ?? createRunFollower(directory);
      followers.set(directory, follower);
      try {
        const run = follower();
        return run === null ? [] : [run];
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        damage.push(error.message);
        return [];
      }
    });
    const parents = found.map(({ run }) => dirname(run.directory));
    const sweeps = [...new Set([...places, ...parents].filter(isSweep))];
    const plans = new Map(sweeps.map((sweep) => [sweep, planOf(sweep)]));
    for (const plan of plans.values()) if (plan instanceof UserError) damage.push(plan.message);
    const waiting = [...plans]
      .filter(([sweep]) => places.includes(sweep) || places.includes(dirname(sweep)))
      .reduce((sum, [sweep, plan]) => sum + missingIn(sweep, plan, directories), 0);
    const now = [...found.map((run) => run.state), waiting, ...damage].join('\n');
    if (now === state) return watched;
    state = now;
    const runs = withArms(found, plans).map(([run, arm]) => watchedRun(run, arm, runsDirectory));
    runs.sort((a, b) => a.run.record.started_at.localeCompare(b.run.record.started_at));
    watched = { runs, waiting, damage };
    return watched;
  };
}

/** The folders of the runs in a place; none if it was removed. */
function runsIn(place: string): string[] {
  try {
    return holdsRun(place) ? [place] : isDirectory(place) ? candidates(place).filter(holdsRun) : [];
  } catch (error) {
    if (error instanceof UserError) return []; // a folder was removed just now
    throw error;
  }
}

/** Reads plans, each again only when its file has changed. */
function createPlanReader(): (sweep: string) => PlanFile {
  const known = new Map<string, { readonly stamp: string; readonly plan: PlanFile }>();
  return (sweep) => {
    const stat = statSync(join(sweep, PLAN_FILE), { throwIfNoEntry: false });
    const stamp = `${stat?.ino} ${stat?.size} ${stat?.mtimeMs}`;
    const before = known.get(sweep);
    if (before?.stamp === stamp) return before.plan;
    const plan = attemptPlan(sweep);
    known.set(sweep, { stamp, plan });
    return plan;
  };
}

function attemptPlan(sweep: string): PlanFile {
  try {
    return readPlan(sweep);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

function missingIn(sweep: string, plan: PlanFile, directories: readonly string[]): number {
  if (plan === null || plan instanceof UserError) return 0;
  const started = new Set(directories);
  return plannedRuns(plan).filter(({ id }) => !started.has(join(sweep, id))).length;
}

/** Each run and the name of its arm. */
function withArms(
  found: readonly FollowedRun[],
  plans: ReadonlyMap<string, PlanFile>,
): (readonly [FollowedRun, string])[] {
  const planned = (run: FollowedRun): string | null => {
    const sweep = dirname(run.run.directory);
    const plan = plans.get(sweep);
    if (!plan || plan instanceof UserError) return null;
    const arm = plan.arms.find(({ fingerprint }) => fingerprint === run.run.record.fingerprint);
    return arm === undefined ? null : plans.size > 1 ? `${basename(sweep)} ${arm.name}` : arm.name;
  };
  const samples = new Map(
    found.filter((run) => planned(run) === null).map(({ run }) => [run.record.fingerprint, run]),
  );
  const names = armNames([...samples.values()]);
  return found.map((run) => {
    const { record } = run.run;
    const sample = samples.get(record.fingerprint);
    return [run, planned(run) ?? (sample && names.get(sample)) ?? record.run_id];
  });
}

function watchedRun(
  { run, steps, epochs, step }: FollowedRun,
  arm: string,
  runsDirectory: string,
): WatchedRun {
  const { directory, config, summary, status } = run;
  const folder = dirname(directory);
  return {
    run,
    name: nameOf(runsDirectory, run),
    sweep: isSweep(folder) ? basename(folder) : null,
    arm,
    data: config.data === null ? 'MNIST' : basename(config.data),
    step,
    totalSteps: totalStepsOf(run),
    valAccuracy: summary ? summary.val_accuracy : (epochs.at(-1)?.val_accuracy ?? null),
    testAccuracy: summary?.test_accuracy ?? null,
    steps,
    epochs,
    speed: status === 'running' ? speedOf(steps) : null,
  };
}

/** The steps per second over the later half of the rows; null without two rows. */
function speedOf(steps: ThinnedRows): number | null {
  const rows = steps.rows(steps.width);
  const [middle, last] = [rows[Math.floor((rows.length - 1) / 2)], rows.at(-1)];
  const count = (last?.step ?? 0) - (middle?.step ?? 0);
  const seconds = (last?.elapsed_seconds ?? 0) - (middle?.elapsed_seconds ?? 0);
  return count > 0 && seconds > 0 ? count / seconds : null;
}

/** The estimated seconds until a run ends; null if there is no estimate. */
export function secondsLeft({ speed, step, totalSteps }: WatchedRun): number | null {
  return speed === null || totalSteps === null ? null : Math.max(0, totalSteps - step) / speed;
}
