/** @file Checks that the checkpoints of a run can be read, contain the arrays for its config, and agree with its rows. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { METRICS, STEP, slotName } from '../engines/engine.js';
import { parameterShapes } from '../model/spec.js';
import type { NamedArray } from '../model/state.js';
import { checkpointName, readCheckpoint, type StoredCheckpoint } from '../runs/checkpoint.js';
import type { EpochRow } from '../runs/metrics.js';
import type { Best } from '../runs/progress.js';
import type { Findings, Problem } from './findings.js';

/** A checkpoint that can be read, and its path in the run's folder. */
export interface Loaded {
  readonly name: string;
  readonly checkpoint: StoredCheckpoint;
}

const FILES = ['progress.json', 'model.safetensors', 'optimizer.safetensors'];

/**
 * Reads the checkpoints of a run.
 *
 * @param steps the steps that have a checkpoint
 * @param runId the id of the run
 * @param isLive whether a process trains the run, and may delete a checkpoint at any time
 */
export function loadCheckpoints(
  directory: string,
  steps: readonly number[],
  runId: string,
  isLive: boolean,
  { wrong, attempt }: Findings,
): Loaded[] {
  const checkpoints = join(directory, 'checkpoints');
  return steps.flatMap((step) => {
    const folder = join(checkpoints, checkpointName(step));
    const name = `checkpoints/${checkpointName(step)}`;
    const missing = FILES.filter((file) => !existsSync(join(folder, file)));
    if (missing.length > 0) {
      if (!isLive) for (const file of missing) wrong(`${name}/${file}`, 'It is missing.');
      return [];
    }
    const checkpoint = attempt(name, () => {
      try {
        return readCheckpoint(checkpoints, step, runId);
      } catch (error) {
        if (isLive && !existsSync(folder)) return null; // it was deleted in the meantime
        throw error;
      }
    });
    return checkpoint ? [{ name, checkpoint }] : [];
  });
}

/**
 * Checks checkpoints that can be read.
 *
 * @param steps the steps that have a checkpoint, readable or not
 * @param rows the rows of metrics.csv; null if they have problems
 */
export function checkCheckpoints(
  loaded: readonly Loaded[],
  steps: readonly number[],
  config: Config,
  classes: number,
  rows: readonly EpochRow[] | null,
): Problem[] {
  const inputs = loaded.at(-1)?.checkpoint.state.get('lstm/w_x')?.shape[0] ?? 0; // the data set itself is not needed
  const problems = loaded.flatMap((each) => checkpointProblems(each, config, inputs, classes, rows));
  const best = loaded.at(-1)?.checkpoint.progress.best;
  if (!best || steps.includes(best.step)) return problems;
  const file = `checkpoints/${checkpointName(best.step)}`;
  return [...problems, { file, line: null, message: 'The checkpoint of the best epoch is missing.' }];
}

/** The problems of a checkpoint that can be read. */
function checkpointProblems(
  { name: folder, checkpoint: { progress, state } }: Loaded,
  config: Config,
  inputs: number,
  classes: number,
  rows: readonly EpochRow[] | null,
): Problem[] {
  const problems: Problem[] = [];
  const wrong = (file: string, message: string): void =>
    void problems.push({ file: `${folder}/${file}`, line: null, message });
  const fileOf = (name: string): string =>
    /^(lstm|pred)\//.test(name) ? 'model.safetensors' : 'optimizer.safetensors';
  const shapes = shapesOf(config, inputs, classes);
  for (const [name, shape] of shapes) {
    const problem = arrayProblem(name, state.get(name), shape, !progress.diverged);
    if (problem) wrong(fileOf(name), `${name} ${problem}.`);
  }
  for (const name of state.keys())
    if (!shapes.has(name)) wrong(fileOf(name), `${name} is not an array of this run.`);
  const step = state.get(STEP)?.data[0];
  if (step !== undefined && step !== progress.step)
    wrong('optimizer.safetensors', `Expected step ${progress.step}, got ${step}.`);
  if (rows === null) return problems;
  const best = bestOf(rows.filter(({ step }) => (step ?? 0) <= progress.step));
  for (const key of ['epoch', 'step', 'valLoss', 'valAccuracy'] as const) {
    const [found, expected] = [progress.best?.[key] ?? null, best?.[key] ?? null];
    if (found !== expected)
      wrong('progress.json', `best.${key} is ${found}, expected ${expected} as in metrics.csv.`);
  }
  return problems;
}

/** The names and shapes of all arrays of a checkpoint. */
function shapesOf(config: Config, inputs: number, classes: number): Map<string, readonly number[]> {
  const parameters = Object.entries(parameterShapes({ ...config, inputs, classes }));
  const slots = config.optimizer === 'adam' ? (['m', 'v'] as const) : [];
  return new Map([
    ...parameters,
    ...slots.flatMap((slot) => parameters.map(([name, shape]) => [slotName(slot, name), shape] as const)),
    [STEP, [1]],
    [METRICS, [6]],
  ]);
}

function arrayProblem(
  name: string,
  array: NamedArray | undefined,
  shape: readonly number[],
  finite: boolean,
): string | null {
  if (!array) return 'is missing';
  if (array.shape.join() !== shape.join()) return `has the shape [${array.shape}], expected [${shape}]`;
  if (name !== STEP && name !== METRICS && !(array.data instanceof Float32Array))
    return 'does not hold 32-bit floats';
  if (finite && !array.data.every(Number.isFinite)) return 'holds numbers that are not finite';
  if (name.startsWith(slotName('v', '')) && array.data.some((value) => value < 0))
    return 'holds negative numbers, but is an average of squares';
  return null;
}

/** The epoch with the highest validation accuracy; the first of several equal ones. */
export function bestOf(rows: readonly EpochRow[]): Best | null {
  return rows.reduce<Best | null>((best, { epoch, step, val_loss: valLoss, val_accuracy: valAccuracy }) => {
    if (epoch === null || step === null || valLoss === null || valAccuracy === null) return best;
    if (!Number.isFinite(valLoss) || valAccuracy <= (best?.valAccuracy ?? -1)) return best;
    return { epoch, step, valLoss, valAccuracy };
  }, null);
}
