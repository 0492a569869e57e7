/** @file Groups runs into arms: by the plan of a sweep, or loose runs by their fingerprints. */

import { basename } from 'node:path';
import { group } from 'd3-array';
import type { Config } from '../config.js';
import { listRuns } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';
import { type Plan, plannedRuns } from '../sweep/plan.js';
import { plural } from '../text/plural.js';
import type { Arm, RunRows } from './arm.js';
import { armNames } from './arm-names.js';
import { missingRows, type Reader } from './read-run.js';

/** An arm whose runs are found but not read yet. */
export interface RunGroup {
  readonly name: string;
  readonly config: Config;
  readonly runs: readonly FoundRun[];
}

/**
 * The runs of a sweep by the arms of its plan.
 *
 * @param notes receives a sentence for everything that is missing or excluded
 */
export function groupByPlan(directory: string, plan: Plan, notes: string[]): RunGroup[] {
  const damaged: string[] = [];
  const found = new Map(
    listRuns(directory, (error) => void damaged.push(error.message)).map((run) => [
      basename(run.directory),
      run,
    ]),
  );
  const planned = plannedRuns(plan);
  const missing = planned.filter(({ id }) => !found.has(id)).length - damaged.length;
  if (missing > 0) {
    notes.push(
      `${missing} of ${plural(planned.length, 'run')} ${missing === 1 ? 'is' : 'are'} missing. Run the sweep again to train ${missing === 1 ? 'it' : 'them'}, unless a job or worker will.`,
    );
  }
  for (const message of damaged) {
    notes.push(
      `Excluded a damaged run: ${message} To train it again, move its folder away and run the sweep again.`,
    );
  }
  const ids = new Set(planned.map(({ id }) => id));
  const unplanned = [...found.keys()].filter((id) => !ids.has(id));
  if (unplanned.length > 0)
    notes.push(`Excluded, because the plan does not list it: ${unplanned.join(', ')}.`);
  return plan.arms.map(({ name, config, fingerprint }) => {
    const candidates = planned.flatMap(({ arm, id }) => (arm === name ? (found.get(id) ?? []) : []));
    const runs = candidates.filter(({ record }) => record.fingerprint === fingerprint);
    for (const { directory: excluded } of candidates.filter((run) => !runs.includes(run))) {
      notes.push(`Excluded ${excluded}: its config or data differs from the plan.`);
    }
    return { name, config, runs };
  });
}

/** Runs without a plan, by fingerprint. */
export function groupLooseRuns(found: readonly FoundRun[]): RunGroup[] {
  const groups = [...group(found, ({ record }) => record.fingerprint).values()];
  const names = armNames(groups.flatMap(([first]) => first ?? []));
  return groups.flatMap((runs) =>
    runs
      .slice(0, 1)
      .map((first) => ({ name: names.get(first) ?? first.record.run_id, config: first.config, runs })),
  );
}

/**
 * Reads the runs of groups, each seed once.
 *
 * @param notes receives a sentence for every run that is excluded or incomplete
 */
export function readArms<Run extends RunRows>(
  reader: Reader<Run>,
  groups: readonly RunGroup[],
  notes: string[],
): Arm<Run>[] {
  return groups.map(({ name, config, runs: found }) => {
    const bySeed = new Map<number, Run>();
    for (const each of found) {
      const run = reader(each);
      if (typeof run === 'string') notes.push(`Excluded ${each.directory}: ${run}.`);
      else if (bySeed.has(run.seed)) {
        notes.push(`Excluded ${each.directory}: it is a copy of another run of this arm.`);
      } else {
        bySeed.set(run.seed, run);
        const missing = missingRows(each, run);
        if (missing) notes.push(`${each.directory}: ${missing}, so its curves end there.`);
      }
    }
    const runs = [...bySeed.values()].sort((a, b) => a.seed - b.seed);
    return { name, config: { ...config, seed: runs[0]?.seed ?? config.seed }, runs };
  });
}
