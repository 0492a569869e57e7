/** @file Writes synthetic runs and sweeps with curves, for the tests of the page. */

import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ResolvedConfig, resolveConfig } from '../config.js';
import { toJson } from '../files.js';
import { epochColumns, stepColumns } from '../runs/metrics.js';
import { thisProcess } from '../runs/owner.js';
import { runPaths } from '../runs/paths.js';
import { FORMAT, fingerprintOf, type RunRecord, type Summary, writeRecord } from '../runs/record.js';
import { decided } from '../sweep/decided.testing.js';
import { parseSweep } from '../sweep/grid.js';
import { freeze, plannedRuns, writePlan } from '../sweep/plan.js';

/** Steps of an epoch with the bundled data and the default batch. */
const EPOCH = 859;
const CHECKSUMS = { images: 'a1', labels: 'b2' };
const ARITHMETIC = 'test';

/** A synthetic run. */
export interface Synthetic {
  readonly id: string;
  readonly config?: Partial<ResolvedConfig>;
  readonly record?: Partial<RunRecord>;
  /** The number of rows of steps.csv. */
  readonly rows?: number;
  /** The loss that its curve approaches. */
  readonly level?: number;
  /** The row from which its loss is NaN. */
  readonly divergesAt?: number;
  readonly log?: string;
}

/** Writes a run. Returns its folder. */
export function writeRun(runs: string, run: Synthetic): string {
  const directory = join(runs, run.id);
  mkdirSync(directory, { recursive: true });
  const config = configOf(run);
  const paths = runPaths(directory);
  const rows = run.rows ?? 100;
  const every = config.logEvery;
  writeFileSync(paths.config, toJson(config));
  writeFileSync(paths.steps, `${stepColumns.join(',')}\n${stepLines(run, 0, rows)}`);
  const ended = Math.floor((rows * every) / EPOCH);
  const last = rows * every;
  const isWhole = run.record?.status !== 'running' && last % EPOCH !== 0; // the last step of a run ends an epoch
  const ends = Array.from({ length: ended }, (_, index) => (index + 1) * EPOCH);
  const epochs = [...ends, ...(isWhole ? [last] : [])].map((step, index) => epochLine(run, index + 1, step));
  writeFileSync(paths.epochs, `${epochColumns.join(',')}\n${epochs.join('')}`);
  if (run.log !== undefined) writeFileSync(paths.log, run.log);
  const record: RunRecord = {
    format: FORMAT,
    run_id: run.id,
    status: 'completed',
    fingerprint: fingerprintOf(config, ARITHMETIC, CHECKSUMS),
    started_at: `2026-01-02T03:04:${String(config.seed % 60).padStart(2, '0')}.000Z`,
    updated_at: '2026-01-02T04:00:00.000Z',
    argv: ['train'],
    versions: { node: 'v20.11.0' },
    git_commit: null,
    host: 'a',
    backend: config.backend,
    device: 'wasm, 1 thread',
    arithmetic: ARITHMETIC,
    kernel: 'k',
    threads: 1,
    total_steps: config.steps ?? config.epochs * EPOCH,
    data: { directory: null, classes: 10, checksums: CHECKSUMS },
    error: null,
    ...run.record,
  };
  if (record.status === 'running') writeFileSync(paths.lock, `${JSON.stringify(thisProcess())}\n`);
  if (record.status === 'completed' || record.status === 'diverged') {
    writeFileSync(paths.summary, toJson(summaryOf(run, config, last, record.status)));
  }
  writeRecord(directory, record);
  return directory;
}

function configOf({ config }: Synthetic): ResolvedConfig {
  const resolved = resolveConfig({}, {}).config;
  return { ...resolved, backend: 'wasm', device: 'cpu', ...config } as ResolvedConfig;
}

/** Lines of steps.csv, from a row on. */
export function stepLines(run: Synthetic, from: number, count: number): string {
  const { logEvery, lr, seed } = configOf(run);
  const lines = Array.from({ length: count }, (_, index) => {
    const row = from + index + 1;
    const step = row * logEvery;
    const loss = row > (run.divergesAt ?? Infinity) ? Number.NaN : lossAt(run, step, seed);
    const accuracy = Math.max(0, Math.min(1, 1 - loss / 2.6));
    const norm = loss * (1 + 0.3 * Math.sin(row * 1.7 + seed));
    const epoch = Math.floor(step / EPOCH) + 1;
    return [step, epoch, loss, accuracy, lr, norm, Math.min(norm, 0.5), norm > 0.5 ? 1 : 0, step / 340].join(
      ',',
    );
  });
  return lines.map((line) => `${line}\n`).join('');
}

function epochLine(run: Synthetic, epoch: number, step: number): string {
  const { lr, seed } = configOf(run);
  const loss = lossAt(run, step, seed + 0.5);
  const accuracy = 1 - loss / 2.6;
  const cells = [
    epoch,
    step,
    loss,
    accuracy,
    loss * 1.05,
    accuracy - 0.004,
    lr,
    loss,
    Math.min(loss, 0.5),
    0.2,
  ];
  return `${[...cells, EPOCH / 340, step / 340, 21_000].join(',')}\n`;
}

/** A noisy loss that falls from 2.3 to a level. */
function lossAt({ level = 0.1 }: Synthetic, step: number, seed: number): number {
  const noise = Math.sin(step * 12.9898 + seed * 78.233) * 43_758.5453;
  const part = noise - Math.floor(noise) - 0.5;
  const falling = 2.2 * Math.exp(-step / (300 + 40 * (seed % 5)));
  return (level + falling) * (1 + 0.35 * part + 0.05 * Math.sin(seed));
}

function summaryOf(
  run: Synthetic,
  { model, seed }: ResolvedConfig,
  steps: number,
  status: Summary['status'],
): Omit<Summary, 'dir'> {
  const loss = lossAt(run, steps, seed + 0.5);
  const accuracy = 1 - loss / 2.6;
  const isKnown = status === 'completed';
  return {
    run_id: run.id,
    status,
    backend: 'wasm',
    device: 'cpu',
    model,
    seed,
    steps,
    epochs: Math.floor(steps / EPOCH),
    loss: isKnown ? loss : null,
    accuracy: isKnown ? accuracy : null,
    val_loss: loss,
    val_accuracy: accuracy,
    test_loss: isKnown ? loss : null,
    test_accuracy: isKnown ? accuracy - 0.002 : null,
    best_epoch: 1,
    best_val_accuracy: accuracy + 0.003,
    best_test_loss: loss,
    best_test_accuracy: accuracy,
    weights_sha256: isKnown ? 'f'.repeat(64) : null,
    seconds: steps / 340,
    ms_per_step: 2.9,
  };
}

/** The runs of a sweep, with its plan. `describe` says how a run is; null leaves it out. */
export function writeSweep(
  runs: string,
  file: Readonly<Record<string, unknown>> & { readonly name: string },
  describe: (arm: string, seed: number) => Omit<Synthetic, 'id' | 'config'> | null,
): string {
  const folder = join(runs, file.name);
  mkdirSync(folder, { recursive: true });
  const sweep = parseSweep({ base: { backend: 'wasm', device: 'cpu' }, ...file }, 'test');
  const plan = freeze(decided(sweep), CHECKSUMS, '2026-01-01T00:00:00.000Z');
  writePlan(folder, plan);
  for (const { arm, seed, id, config } of plannedRuns(plan)) {
    const run = describe(arm, seed);
    const fingerprint = plan.arms.find(({ name }) => name === arm)?.fingerprint;
    if (run && fingerprint) writeRun(folder, { ...run, id, config, record: { ...run.record, fingerprint } });
  }
  return folder;
}

/** Appends rows to the steps.csv of a run that `writeRun` wrote. */
export function appendRows(runs: string, run: Synthetic, from: number, count: number): void {
  appendFileSync(runPaths(join(runs, run.id)).steps, stepLines(run, from, count));
}
