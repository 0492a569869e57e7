/** @file Checks summary.json against the other files of a run. */

import type { Config } from '../config.js';
import type { EpochRow } from '../runs/metrics.js';
import type { Progress } from '../runs/progress.js';
import type { RunRecord, Summary } from '../runs/record.js';
import { bestOf } from './checkpoints.js';

/** The files whose values summary.json repeats. */
export interface Sources {
  readonly record: RunRecord;
  readonly config: Config;
  /** The rows of metrics.csv; null if they have problems. */
  readonly rows: readonly EpochRow[] | null;
  /** The last checkpoint, if it can be read. */
  readonly end: { readonly progress: Progress; readonly weights: string | null } | null;
}

type Values = Readonly<Partial<Record<keyof Summary, unknown>>>;

/** The values of summary.json that differ from the other files. */
export function summaryProblems(summary: Summary, { record, config, rows, end }: Sources): string[] {
  const { run_id, status, backend, device } = record;
  const sources: [string, Values][] = [
    ['run.json', { run_id, status, backend, device }],
    ['config.json', { model: config.model, seed: config.seed }],
    ['metrics.csv', rows === null ? {} : valuesOfRows(rows)],
    [
      'the last checkpoint',
      end === null
        ? {}
        : {
            steps: end.progress.step,
            seconds: end.progress.elapsedSeconds,
            ms_per_step: (end.progress.stepSeconds / end.progress.step) * 1000,
            ...(summary.weights_sha256 !== undefined && { weights_sha256: end.weights }), // format 1 has none
          },
    ],
  ];
  const problems = sources.flatMap(([source, values]) =>
    Object.entries(values).flatMap(([key, expected]) => {
      const found = summary[key as keyof Summary];
      return found === expected ? [] : [`${key} is ${found}, expected ${expected} as in ${source}.`];
    }),
  );
  const bestIsLast = status === 'completed' && rows !== null && bestOf(rows)?.step === rows.at(-1)?.step;
  return [...problems, ...testProblems(summary, bestIsLast)];
}

function valuesOfRows(rows: readonly EpochRow[]): Values {
  const [last, best] = [rows.at(-1), bestOf(rows)];
  return {
    epochs: last?.epoch ?? 0,
    loss: finite(last?.loss),
    accuracy: finite(last?.accuracy),
    val_loss: finite(last?.val_loss),
    val_accuracy: finite(last?.val_accuracy),
    best_epoch: best?.epoch ?? null,
    best_val_accuracy: best?.valAccuracy ?? null,
  };
}

function finite(value: number | null | undefined): number | null {
  return Number.isFinite(value) ? (value ?? null) : null;
}

function testProblems(summary: Summary, bestIsLast: boolean): string[] {
  const problems: string[] = [];
  for (const key of ['test_accuracy', 'best_test_accuracy'] as const) {
    const value = summary[key];
    if (value !== null && !(value >= 0 && value <= 1))
      problems.push(`${key}: expected a number from 0 to 1, got ${value}.`);
  }
  for (const key of ['test_loss', 'best_test_loss'] as const) {
    const value = summary[key];
    if (value !== null && !(value >= 0))
      problems.push(`${key}: expected a number of at least 0, got ${value}.`);
  }
  if (!bestIsLast) return problems;
  for (const [key, last] of [
    ['best_test_loss', 'test_loss'],
    ['best_test_accuracy', 'test_accuracy'],
  ] as const) {
    if (summary[key] !== summary[last])
      problems.push(
        `${key} is ${summary[key]}, expected ${summary[last]} as in ${last}, since the last epoch is the best.`,
      );
  }
  return problems;
}
