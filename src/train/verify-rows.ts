/** @file Whether the two CSVs of a run are what its training writes: header, cells, steps without gaps, matching sums. */
import type { Config } from '../config.js';
import {
  type EpochRow,
  epochColumns,
  type Row,
  type StepRow,
  stepColumns,
  timeColumns,
} from '../runs/metrics.js';

/** Something wrong with a run, and where. */
export interface Problem {
  /** Within the run's folder. */
  readonly file: string;
  /** From 1; null where it is about the whole file. */
  readonly line: number | null;
  readonly message: string;
}

/** How a run ended, as far as its rows depend on it. */
export type Ending = 'completed' | 'diverged' | 'unfinished';

/** The rows of a CSV with what is wrong in it; line 2 holds row 0. */
interface Parsed<Column extends string> {
  readonly rows: readonly Row<Column>[];
  readonly problems: readonly Problem[];
}

const SHARES = ['accuracy', 'val_accuracy', 'clip_fraction'];

const parseCell = (text: string): number | null | undefined => {
  if (text === '') return null;
  const value = Number(text);
  return text.trim() !== text || (Number.isNaN(value) && text !== 'NaN') ? undefined : value;
};

/**
 * Reads a CSV strictly.
 *
 * @param ending a run that is not finished may have a torn last line; one that diverged numbers that are not finite
 */
const parseCsv = <Column extends string>(
  file: string,
  text: string,
  columns: readonly Column[],
  ending: Ending,
): Parsed<Column> => {
  const problems: Problem[] = [];
  const wrong = (line: number | null, message: string): void => void problems.push({ file, line, message });
  const lines = text.split('\n');
  const torn = lines.pop() ?? '';
  if (torn !== '' && ending !== 'unfinished') wrong(lines.length + 1, 'The last line is cut off.');
  if (lines[0] !== columns.join(',')) {
    wrong(1, `Expected the header ${columns.join(',')}.`);
    return { rows: [], problems };
  }
  const rows = lines.slice(1).map((text, at) => {
    const cells = text.split(',');
    const line = at + 2;
    if (cells.length !== columns.length)
      wrong(line, `Expected ${columns.length} cells, got ${cells.length}.`);
    const values = columns.map((column, index): [Column, number | null] => {
      const value = parseCell(cells[index] ?? '');
      if (value === undefined)
        wrong(line, `${column}: expected a number, got ${JSON.stringify(cells[index])}.`);
      else if (value === null) wrong(line, `${column}: the cell is empty.`);
      else if (timeColumns.includes(column)) return [column, value];
      else if (!Number.isFinite(value) && !(ending === 'diverged' && at === lines.length - 2))
        wrong(line, `${column}: expected a finite number, got ${value}.`);
      else if (SHARES.includes(column) && (value < 0 || value > 1))
        wrong(line, `${column}: expected a share from 0 to 1, got ${value}.`);
      return [column, value ?? null];
    });
    return Object.fromEntries(values) as Record<Column, number | null>;
  });
  return { rows, problems };
};

/** Sums over all steps that both CSVs must give: the mean of a row times the steps since the row before. */
const totalOf = (rows: readonly Row<string>[], column: string): number => {
  let before = 0;
  let total = 0;
  for (const row of rows) {
    total += (row[column] ?? Number.NaN) * ((row.step ?? 0) - before);
    before = row.step ?? 0;
  }
  return total;
};

/** Rows of one run hold the same steps, so their sums agree; rounding alone is far below this. */
const SUM_TOLERANCE = 1e-9;

/** What the two CSVs hold, and what is wrong with them. */
export interface CheckedRows {
  readonly steps: readonly StepRow[];
  readonly epochs: readonly EpochRow[];
  readonly problems: readonly Problem[];
}

/**
 * Checks the texts of steps.csv and metrics.csv, of a run that has both.
 *
 * @param config complete, as config.json has it
 */
export const checkRows = (
  stepsCsv: string,
  metricsCsv: string,
  config: Config,
  ending: Ending,
): CheckedRows => {
  const steps = parseCsv('steps.csv', stepsCsv, stepColumns, ending);
  const epochs = parseCsv('metrics.csv', metricsCsv, epochColumns, ending);
  const problems = [...steps.problems, ...epochs.problems];
  const wrong = (file: string, at: number | null, message: string): void =>
    void problems.push({ file, line: at === null ? null : at + 2, message });

  const first = epochs.rows[0];
  const stepsPerEpoch = first?.step && first.epoch === 1 ? first.step : null;
  const last = config.steps ?? (stepsPerEpoch === null ? null : config.epochs * stepsPerEpoch);
  let before = 0;
  steps.rows.forEach(({ step, lr }, at) => {
    const next = Math.min(
      (Math.floor(before / config.logEvery) + 1) * config.logEvery,
      last ?? Number.POSITIVE_INFINITY,
    );
    const diverges = ending === 'diverged' && at === steps.rows.length - 1;
    if (step !== next && !(diverges && step !== null && step > before && step < next))
      wrong('steps.csv', at, `Expected step ${next}, got ${step}.`);
    if (lr !== config.lr) wrong('steps.csv', at, `Expected lr ${config.lr}, got ${lr}.`);
    before = step ?? next;
  });
  epochs.rows.forEach(({ epoch, step, lr }, at) => {
    if (epoch !== at + 1) wrong('metrics.csv', at, `Expected epoch ${at + 1}, got ${epoch}.`);
    const expected =
      stepsPerEpoch === null ? step : Math.min((at + 1) * stepsPerEpoch, last ?? Number.POSITIVE_INFINITY);
    if (step !== expected) wrong('metrics.csv', at, `Expected step ${expected}, got ${step}.`);
    if (lr !== config.lr) wrong('metrics.csv', at, `Expected lr ${config.lr}, got ${lr}.`);
  });
  if (ending === 'completed') {
    for (const [file, rows] of [
      ['steps.csv', steps.rows],
      ['metrics.csv', epochs.rows],
    ] as const) {
      const end = rows.at(-1)?.step ?? null;
      if (end === null || end !== last)
        wrong(file, null, `The last row is of step ${end}, the run has ${last} steps.`);
    }
    if (problems.length === 0) {
      for (const column of stepColumns.filter(
        (name) => name !== 'step' && name !== 'epoch' && !timeColumns.includes(name),
      )) {
        const [one, other] = [totalOf(steps.rows, column), totalOf(epochs.rows, column)];
        if (Math.abs(one - other) > SUM_TOLERANCE * Math.max(Math.abs(one), Math.abs(other)))
          wrong(
            'steps.csv',
            null,
            `The sum of ${column} over all steps is ${one}, but ${other} in metrics.csv: a row was changed.`,
          );
      }
    }
  }
  return { steps: steps.rows, epochs: epochs.rows, problems };
};
