/** @file Checks that the rows of a run's two CSVs follow its schedule without gaps, and agree with each other. */

import type { Config } from '../config.js';
import {
  type EpochRow,
  epochColumns,
  type Row,
  type StepRow,
  stepColumns,
  timeColumns,
} from '../runs/metrics.js';
import type { StoredStatus } from '../runs/record.js';
import { lineOf, type Parsed, parseCsv } from './csv.js';
import type { Problem } from './findings.js';

/** Facts about a run from its other files. */
export interface Known {
  readonly config: Config;
  readonly status: StoredStatus;
  /** The step of the last checkpoint; null if there is none. */
  readonly checkpoint: number | null;
  /** The last step in summary.json; null if there is none. */
  readonly summary: number | null;
}

/** The contents of the two CSVs. */
export interface Texts {
  readonly steps: string;
  readonly metrics: string;
}

/** The rows of the two CSVs and their problems. */
export interface CheckedRows {
  readonly steps: readonly StepRow[];
  readonly epochs: readonly EpochRow[];
  readonly problems: readonly Problem[];
}

/** The expected rows of one file. */
interface Expected {
  readonly file: string;
  /** The number of steps between two rows. */
  readonly interval: number;
  /** The step of the last possible row. */
  readonly end: number;
  /** The step of the last row, or null if it is unknown. A run that crashed may have later rows. */
  readonly last: number | null;
  readonly stepsPerEpoch: number;
}

const SUMMED = stepColumns.filter(
  (name) => name !== 'step' && name !== 'epoch' && name !== 'lr' && !timeColumns.includes(name),
);

/** The largest accepted relative difference between the sums of the two files; rounding errors are far smaller. */
const SUM_TOLERANCE = 1e-9;

interface Segment {
  readonly steps: readonly StepRow[];
  readonly epochs: readonly EpochRow[];
  /** The index of its first row in each file. */
  readonly firstStep: number;
  readonly firstEpoch: number;
}

/** Checks the two CSVs of a run. */
export function checkRows(texts: Texts, known: Known): CheckedRows {
  const { config, status } = known;
  const steps = parseCsv('steps.csv', texts.steps, stepColumns, status);
  const epochs = parseCsv('metrics.csv', texts.metrics, epochColumns, status);

  const stepsPerEpoch = stepsPerEpochOf(known, steps.rows, epochs.rows) ?? Number.MAX_SAFE_INTEGER;
  const total = config.steps ?? config.epochs * stepsPerEpoch;
  const lastRow = steps.rows.at(-1);
  const isDiverged = endsDiverged(lastRow);
  const reached = status === 'completed' ? total : (known.summary ?? known.checkpoint);
  /** The last row at or before a step, for rows with this interval. */
  const lastAt = (step: number | null, interval: number): number | null =>
    step === null || step === total ? step : floorTo(step, interval);
  const problems = [
    ...steps.problems,
    ...epochs.problems,
    ...checkFile(steps, known, {
      file: 'steps.csv',
      interval: config.logEvery,
      end: isDiverged ? (lastRow?.step ?? total) : total,
      last: isDiverged ? reached : lastAt(reached, config.logEvery),
      stepsPerEpoch,
    }),
    ...checkFile(epochs, known, {
      file: 'metrics.csv',
      interval: stepsPerEpoch,
      end: total,
      // an epoch does not end with a step that diverges
      last: lastAt(isDiverged && reached !== null ? reached - 1 : reached, stepsPerEpoch),
      stepsPerEpoch,
    }),
  ];
  return {
    steps: steps.rows,
    epochs: epochs.rows,
    problems: problems.length > 0 ? problems : checkSums(steps.rows, epochs.rows),
  };
}

/**
 * The number of steps in an epoch according to most rows, so that one damaged row does not make the others look wrong.
 * Null before the end of the first epoch. The data set itself is not needed.
 */
function stepsPerEpochOf(
  { config, status, checkpoint, summary }: Known,
  steps: readonly StepRow[],
  epochs: readonly EpochRow[],
): number | null {
  const ofRows = epochs.filter(({ step }) => step !== config.steps).map(({ step, epoch }) => [step, epoch]);
  const ends = [summary, checkpoint, steps.at(-1)?.step ?? null];
  const ofEnds =
    status === 'completed' && config.steps === null ? ends.map((end) => [end, config.epochs]) : [];
  const quotients = [...ofRows, ...ofEnds].map(([step, epoch]) => (step ?? 0) / (epoch ?? 0));
  return mostFrequent(quotients.filter((quotient) => Number.isSafeInteger(quotient) && quotient > 0));
}

function mostFrequent(values: readonly number[]): number | null {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}

/** Whether the loss or gradient of a row is not finite, which ends a run before the row is complete. */
function endsDiverged(row: StepRow | undefined): boolean {
  return (
    row !== undefined && ![row.loss, row.grad_norm].every((value) => value === null || Number.isFinite(value))
  );
}

function floorTo(step: number, multiple: number): number {
  return Math.floor(step / multiple) * multiple;
}

function checkFile(
  { rows, hasHeader, isIncomplete }: Parsed<'step' | 'epoch' | 'lr'>,
  { config, status }: Known,
  { file, interval, end, last, stepsPerEpoch }: Expected,
): Problem[] {
  if (!hasHeader) return [];
  const problems: Problem[] = [];
  const wrong = (row: number, message: string): void => {
    const line = lineOf(row);
    if (problems.every((problem) => problem.line !== line)) problems.push({ file, line, message });
  };
  checkSequence(rows, (step) => Math.min(floorTo(step, interval) + interval, end), wrong);
  rows.forEach(({ step, epoch, lr }, row) => {
    const expected = step === null ? null : Math.ceil(step / stepsPerEpoch);
    if (expected !== null && epoch !== null && epoch !== expected)
      wrong(row, `Expected epoch ${expected}, got ${epoch}.`);
    if (lr !== null && lr !== config.lr) wrong(row, `Expected lr ${config.lr}, got ${lr}.`);
  });
  const found = rows.length === 0 ? 0 : (rows.at(-1)?.step ?? last);
  const isEnded = status !== 'running' && status !== 'failed';
  if (last !== null && found !== null && (isEnded ? found !== last && !isIncomplete : found < last))
    wrong(rows.length - 1, `The last row has step ${found}, expected ${last}.`);
  return problems;
}

/**
 * Checks the sequence of steps. A removed or changed row is reported once, without the rows after it.
 *
 * @param next returns the step after a step
 */
function checkSequence(
  rows: readonly Row<'step'>[],
  next: (step: number) => number,
  wrong: (row: number, message: string) => void,
): void {
  let before = 0;
  rows.forEach(({ step }, row) => {
    const expected = next(before);
    before = expected;
    if (step === null || step === expected) return;
    wrong(row, `Expected step ${expected}, got ${step}.`);
    const following = rows[row + 1]?.step ?? null;
    if (following === null || following === next(step)) before = step; // rows are missing before this one
  });
}

/** Compares the sums of the two files, if both are otherwise correct. A difference means that a value was changed. */
function checkSums(steps: readonly StepRow[], epochs: readonly EpochRow[]): Problem[] {
  let from = 0;
  return segmentsOf(steps, epochs).flatMap((segment) => {
    const before = from;
    const to = segment.steps.at(-1)?.step ?? 0;
    from = to;
    return SUMMED.flatMap((column) => {
      const [one, other] = [sumOf(segment.steps, column, before), sumOf(segment.epochs, column, before)];
      if (Math.abs(one - other) <= SUM_TOLERANCE * Math.max(Math.abs(one), Math.abs(other))) return [];
      const places = `${linesOf(segment.firstStep, segment.steps)} of steps.csv, ${linesOf(segment.firstEpoch, segment.epochs)} of metrics.csv`;
      return {
        file: 'steps.csv',
        line: segment.steps.length === 1 ? lineOf(segment.firstStep) : null,
        message: `The sum of ${column} over steps ${before + 1} to ${to} is ${one}, but ${other} in metrics.csv: a row was changed (${places}).`,
      };
    });
  });
}

/** Splits both files at the steps for which each has a row, so that the two parts of a segment cover the same steps. */
function segmentsOf(steps: readonly StepRow[], epochs: readonly EpochRow[]): Segment[] {
  const segments: Segment[] = [];
  let [firstStep, firstEpoch] = [0, 0];
  epochs.forEach(({ step: end }, epoch) => {
    const at = steps.findIndex(({ step }) => step === end);
    if (at < 0) return;
    segments.push({
      steps: steps.slice(firstStep, at + 1),
      epochs: epochs.slice(firstEpoch, epoch + 1),
      firstStep,
      firstEpoch,
    });
    [firstStep, firstEpoch] = [at + 1, epoch + 1];
  });
  return segments;
}

/** The sum over all steps of some rows: the mean in each row, times the number of steps since the previous row. */
function sumOf(
  rows: readonly Row<(typeof SUMMED)[number] | 'step'>[],
  column: (typeof SUMMED)[number],
  from: number,
) {
  let [sum, before] = [0, from];
  for (const row of rows) {
    sum += (row[column] ?? 0) * ((row.step ?? 0) - before);
    before = row.step ?? 0;
  }
  return sum;
}

function linesOf(first: number, { length }: { length: number }): string {
  return length === 1 ? `line ${lineOf(first)}` : `lines ${lineOf(first)} to ${lineOf(first + length - 1)}`;
}
