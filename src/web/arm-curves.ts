/** @file Means and bands of arms, as `wnlstm plot` computes them, from the rows that are followed. */

import { UserError } from '../errors.js';
import { type Band, type Column, curvesOf } from '../figures/curves.js';
import type { XAxis } from '../figures/x-axis.js';
import type { Arm, RunRows } from '../results/arm.js';
import type { Tail } from '../runs/follow-csv.js';
import type { EpochRow, StepRow } from '../runs/metrics.js';
import type { Catalog, WatchedRun } from './catalog.js';
import type { Feed } from './feed.js';
import { rowsOf } from './rows-of.js';
import type { ArmCurve, CurvesAnswer } from './shared/protocol.js';

/** What to compute. */
export interface CurvesRequest {
  /** The sweep; empty for runs without one. */
  readonly group: string;
  readonly columns: readonly Column[];
  readonly x: XAxis;
  readonly band: Band;
  /** Number of steps; 0 for no smoothing. */
  readonly smooth: number;
}

/** The curves of an arm, what they were computed from, and when. */
interface Kept {
  readonly state: string;
  readonly curves: readonly ArmCurve[];
  readonly at: number;
}

/** Curves that were computed before. */
export interface CurveCache {
  readonly kept: Map<string, Kept>;
  /** Until then, curves that exist are not computed again. */
  restUntil: number;
}

/** The server answers other requests at least so often, in milliseconds. */
const BUDGET_MS = 100;
/** The server rests so many times as long as it computed, and at least so many milliseconds. */
const REST = 10;
const LEAST_REST_MS = 1000;
const MOST_KEPT = 500;

/**
 * The curves of the arms of a sweep. Arms with new rows are computed again, the oldest first, as far as the time allows;
 * the others have the curves that they had.
 */
export function armCurves(
  request: CurvesRequest,
  catalog: Catalog,
  feed: Feed,
  cache: CurveCache,
): CurvesAnswer {
  const { kept } = cache;
  const started = performance.now();
  const mayRefresh = started >= cache.restUntil;
  const arms = armsOf(request.group, catalog).map(([name, runs]) => ({
    key: keyOf(name, request),
    name,
    runs,
  }));
  let [missing, complete, spent] = [false, true, 0];
  for (const { key, name, runs } of [...arms].sort((a, b) => timeOf(kept, a.key) - timeOf(kept, b.key))) {
    const before = kept.get(key);
    const now = performance.now();
    const isTime = now < started + BUDGET_MS && (mayRefresh || before === undefined);
    if (before === undefined && !isTime) missing = true;
    else {
      const rows = rowsOfArm(runs, feed);
      const state = stateOf(rows);
      if (before?.state === state) continue;
      if (isTime) {
        kept.delete(key); // the newest are last
        kept.set(key, { state, curves: compute(name, rows, request), at: now });
        spent += performance.now() - now;
      } else complete = false;
    }
  }
  const ended = performance.now();
  if (spent > 0) cache.restUntil = ended + REST * spent;
  const curves = arms.flatMap(({ key }) => kept.get(key)?.curves ?? []);
  for (const key of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(key);
  const waitMs = missing ? 0 : Math.max(LEAST_REST_MS, cache.restUntil - ended);
  return { curves, complete: complete && !missing, waitMs };
}

/** The arms of a sweep, and their runs. */
function armsOf(group: string, catalog: Catalog): [string, WatchedRun[]][] {
  const arms = new Map<string, WatchedRun[]>();
  for (const run of catalog.all()) {
    const arm = run.group === group ? catalog.armOf(run.key) : null;
    if (arm !== null) arms.set(arm, [...(arms.get(arm) ?? []), run]);
  }
  return [...arms];
}

function timeOf(kept: CurveCache['kept'], key: string): number {
  return kept.get(key)?.at ?? 0;
}

function rowsOfArm(runs: readonly WatchedRun[], feed: Feed): Rows[] {
  return runs.flatMap((run) => {
    const [steps, epochs] = [feed.follow(run.key, 'steps.csv'), feed.follow(run.key, 'metrics.csv')];
    return steps && epochs ? [{ run, steps, epochs }] : [];
  });
}

/** What changes whenever a run of an arm has new rows. */
function stateOf(rows: readonly Rows[]): string {
  const stateOfFile = ({ version, table }: Tail): string => `${version}:${table.count}`;
  return rows.map(({ run, steps, epochs }) => [run.key, stateOfFile(steps), stateOfFile(epochs)]).join(';');
}

function keyOf(arm: string, request: CurvesRequest): string {
  return JSON.stringify([arm, request]);
}

interface Rows {
  readonly run: WatchedRun;
  readonly steps: Tail;
  readonly epochs: Tail;
}

function compute(
  name: string,
  rows: readonly Rows[],
  { columns, band, x, smooth }: CurvesRequest,
): ArmCurve[] {
  const bySeed = new Map<number, RunRows>(); // each seed once, as in `wnlstm plot`
  for (const { run, steps, epochs } of rows) {
    const seed = run.found?.config.seed ?? 0;
    if (bySeed.has(seed)) continue;
    bySeed.set(seed, { seed, epochs: rowsOf<EpochRow>(epochs), steps: rowsOf<StepRow>(steps) });
  }
  const config = rows[0]?.run.found?.config;
  if (!config) return [];
  const arm: Arm<RunRows> = { name, config, runs: [...bySeed.values()] };
  try {
    const curves = curvesOf([arm], columns, band, { x, smooth });
    return curves.columns.map(({ column, points }) => ({
      arm: name,
      column,
      seeds: arm.runs.length,
      x: points.map((point) => point.x),
      mean: points.map((point) => point.mean),
      low: points.map((point) => point.low),
      high: points.map((point) => point.high),
    }));
  } catch (error) {
    if (error instanceof UserError) return []; // nothing to draw yet
    throw error;
  }
}
