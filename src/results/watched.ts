/** @file The state of runs while they train, as `ls` lists it, with their rows. Each look reads only what has changed. */

import { basename, dirname } from 'node:path';
import { asUserError, UserError } from '../errors.js';
import { isDirectory } from '../files.js';
import { candidates, isSweep, nameOf, placesOf, runDirectories } from '../runs/find.js';
import type { EpochRow } from '../runs/metrics.js';
import { holdsRun } from '../runs/reading.js';
import { speedBetween } from './estimate.js';
import { createRunFollower, type FollowedRun } from './followed-run.js';
import { type ListedRun, totalStepsOf } from './listing.js';
import type { ThinnedRows } from './thinned.js';
import { createPlanReader, nameArms, waitingIn } from './watched-arms.js';

/** A run and its rows. */
export interface WatchedRun extends ListedRun {
  /** See `nameArms`. */
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
  /** The names of the arms, in their order; an arm of a plan may have no runs yet. */
  readonly arms: readonly string[];
  /** The number of planned runs that have not started. */
  readonly waiting: number;
  /** A sentence for everything that cannot be read. */
  readonly damage: readonly string[];
}

/**
 * The folders that names stand for: of runs, sweeps, or folders of runs.
 *
 * @throws {UserError} E_RUN if a name stands for nothing
 */
export function watchedPlaces(runsDirectory: string, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const folder = placesOf(runsDirectory, name).find(isDirectory);
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
  const inPlaces = new Map<string, string[]>(); // a folder that cannot be listed for a moment keeps its runs
  const planOf = createPlanReader();
  let state = '';
  let watched: Watched = { runs: [], arms: [], waiting: 0, damage: [] };
  return () => {
    const damage: string[] = [];
    const report = ({ message }: UserError): void => void damage.push(message);
    for (const place of places)
      inPlaces.set(
        place,
        attempt(inPlaces.get(place) ?? [], () => runsIn(place), report),
      );
    const directories = new Set([...inPlaces.values()].flat());
    for (const known of followers.keys()) if (!directories.has(known)) followers.delete(known);
    const found = [...directories].flatMap((directory) => {
      const follower = followers.get(directory) ?? createRunFollower(directory);
      followers.set(directory, follower);
      return attempt(null, follower, report) ?? [];
    });
    const parents = found.map(({ run }) => dirname(run.directory));
    const sweeps = [...new Set([...places, ...parents].filter(isSweep))];
    const plans = new Map(sweeps.map((sweep) => [sweep, planOf(sweep)]));
    for (const plan of plans.values()) if (plan instanceof UserError) report(plan);
    const waiting = [...plans]
      .filter(([sweep]) => places.includes(sweep) || places.includes(dirname(sweep))) // all of the sweep is watched
      .reduce((sum, [sweep, plan]) => sum + waitingIn(sweep, plan, directories), 0);
    const now = [...found.map((run) => run.state), waiting, ...damage].join('\n');
    if (now === state) return watched;
    state = now;
    found.sort((a, b) => a.run.record.started_at.localeCompare(b.run.record.started_at));
    const arms = nameArms(
      found.map(({ run }) => run),
      plans,
    );
    const runs = found.map((each) => watchedRun(each, arms.of.get(each.run) ?? '', runsDirectory));
    watched = { runs, arms: arms.names, waiting, damage };
    return watched;
  };
}

/** The folders of the runs in a place. */
function runsIn(place: string): string[] {
  return holdsRun(place) ? [place] : isDirectory(place) ? candidates(place).filter(holdsRun) : [];
}

/** The result of `read`; after an error of the files, which is reported, `fallback`. */
function attempt<Value>(fallback: Value, read: () => Value, report: (error: UserError) => void): Value {
  try {
    return read();
  } catch (error) {
    const known = asUserError(error);
    if (known === null) throw error;
    report(known);
    return fallback;
  }
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
  return speedBetween(rows[Math.floor((rows.length - 1) / 2)], rows.at(-1));
}

/** The estimated seconds until a run ends; null if there is no estimate. */
export function secondsLeft({ speed, step, totalSteps }: WatchedRun): number | null {
  return speed === null || totalSteps === null ? null : Math.max(0, totalSteps - step) / speed;
}
