/** @file What the page knows about a run. The status is that of `wnlstm ls`. */

import { existsSync } from 'node:fs';
import { configKeys } from '../config.js';
import { stepsPerEpoch } from '../figures/x-axis.js';
import { totalStepsOf } from '../results/listing.js';
import { lastCheckpoint } from '../results/read-run.js';
import type { EpochRow } from '../runs/metrics.js';
import { runPaths } from '../runs/paths.js';
import type { FoundRun } from '../runs/reading.js';
import { lastStep } from '../slurm/watch.js';
import { attempt } from './attempt.js';
import type { WatchedRun } from './catalog.js';
import { rowsOf } from './rows-of.js';
import type { ConfigValue, RunInfo } from './shared/protocol.js';

/**
 * Describes a run.
 *
 * @param arm the name of its arm, or null
 */
export function infoOf(run: WatchedRun, arm: string | null): RunInfo {
  const { key, directory, group, found, problem, epochs } = run;
  epochs.look();
  const hasLog = existsSync(runPaths(directory).log);
  if (!found) return { ...UNKNOWN, key, group, problem, hasLog };
  const { record, summary, config, status, damage } = found;
  const { table } = epochs;
  const accuracies = [...table.column('val_accuracy')].filter(Number.isFinite);
  return {
    key,
    group,
    arm,
    status,
    seed: config.seed,
    step: summary?.steps ?? stepOf(run),
    totalSteps: totalStepsOf(found),
    stepsPerEpoch: stepsPerEpoch({
      name: '',
      config,
      runs: [{ seed: config.seed, epochs: rowsOf<EpochRow>(epochs), steps: [] }],
    }),
    valAccuracy: summary ? summary.val_accuracy : table.at('val_accuracy', -1),
    bestValAccuracy: summary
      ? summary.best_val_accuracy
      : accuracies.length > 0
        ? Math.max(...accuracies)
        : null,
    testAccuracy: summary?.test_accuracy ?? null,
    seconds: summary?.seconds ?? table.at('elapsed_seconds', -1),
    startedAt: record.started_at,
    environment: environmentOf(found),
    config: Object.fromEntries(configKeys.map((name): [string, ConfigValue] => [name, config[name]])),
    problem: record.error ?? damage[0]?.message ?? unreadableRows(run),
    hasLog,
  };
}

/** A run whose files cannot be read. */
const UNKNOWN = {
  arm: null,
  status: 'damaged',
  seed: null,
  step: 0,
  totalSteps: null,
  stepsPerEpoch: null,
  valAccuracy: null,
  bestValAccuracy: null,
  testAccuracy: null,
  seconds: null,
  startedAt: '',
  environment: {},
  config: {},
} as const satisfies Partial<RunInfo>;

/** The last step of a run without a summary. Its last checkpoint may be later than its last row. */
function stepOf({ directory, epochs, steps }: WatchedRun): number {
  const row = steps.table.at('step', -1) ?? lastStep(runPaths(directory).steps) ?? 0;
  const checkpoint = attempt(() => lastCheckpoint(directory));
  return Math.max(row, epochs.table.at('step', -1) ?? 0, 'value' in checkpoint ? checkpoint.value : 0);
}

function environmentOf({ record }: FoundRun): Record<string, string> {
  const { host, backend, device, arithmetic, threads, versions, git_commit } = record;
  return {
    host,
    backend,
    device,
    arithmetic,
    threads: String(threads),
    node: versions.node ?? 'unknown',
    commit: git_commit?.slice(0, 12) ?? 'none',
  };
}

function unreadableRows({ steps, epochs }: WatchedRun): string | null {
  const parts = [
    ['steps.csv', steps.unreadable],
    ['metrics.csv', epochs.unreadable],
  ].filter(([, count]) => Number(count) > 0);
  return parts.length === 0
    ? null
    : `Rows that could not be read are left out: ${parts.map(([file, count]) => `${count} of ${file}`).join(', ')}.`;
}
