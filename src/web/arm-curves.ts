/** @file Means and bands of arms, as `wnlstm plot` computes them, from the rows that are followed. */

import { UserError } from '../errors.js';
import { type Band, type Column, curvesOf } from '../figures/curves.js';
import type { XAxis } from '../figures/x-axis.js';
import type { Arm, RunRows } from '../results/arm.js';
import type { EpochRow, StepRow } from '../runs/metrics.js';
import type { Catalog, WatchedRun } from './catalog.js';
import type { Feed } from './feed.js';
import { rowsOf } from './rows-of.js';
import type { ArmCurve } from './shared/protocol.js';
import type { Tail } from './tail.js';

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

/** Curves of arms by what they were computed from. */
export type CurveCache = Map<string, { readonly state: string; readonly curves: readonly ArmCurve[] }>;

/** The server answers other requests at least so often, in milliseconds. */
const BUDGET_MS = 100;

/**
 * The curves of the arms of a sweep. Only arms with new rows are computed again.
 *
 * @returns the curves, and whether these are all; otherwise the next call continues
 */
export function armCurves(
  request: CurvesRequest,
  catalog: Catalog,
  feed: Feed,
  cache: CurveCache,
): { curves: ArmCurve[]; complete: boolean } {
  const arms = new Map<string, WatchedRun[]>();
  for (const run of catalog.all()) {
    const arm = run.group === request.group ? catalog.armOf(run.key) : null;
    if (arm !== null) arms.set(arm, [...(arms.get(arm) ?? []), run]);
  }
  const end = performance.now() + BUDGET_MS;
  const curves: ArmCurve[] = [];
  let complete = true;
  for (const [name, runs] of arms) {
    if (performance.now() < end) curves.push(...curvesOfArm(name, runs, request, feed, cache));
    else {
      complete = false;
      curves.push(...(cache.get(keyOf(name, request))?.curves ?? []));
    }
  }
  return { curves, complete };
}

function curvesOfArm(
  name: string,
  runs: readonly WatchedRun[],
  request: CurvesRequest,
  feed: Feed,
  cache: CurveCache,
): readonly ArmCurve[] {
  const rows = runs.flatMap((run) => {
    const [steps, epochs] = [feed.follow(run.key, 'steps.csv'), feed.follow(run.key, 'metrics.csv')];
    return steps && epochs ? [{ run, steps, epochs }] : [];
  });
  const key = keyOf(name, request);
  const stateOf = ({ version, table }: Tail): string => `${version}:${table.count}`;
  const state = rows.map(({ run, steps, epochs }) => [run.key, stateOf(steps), stateOf(epochs)]).join(';');
  const before = cache.get(key);
  if (before?.state === state) return before.curves;
  const curves = compute(name, rows, request);
  cache.set(key, { state, curves });
  return curves;
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
