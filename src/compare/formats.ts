/** @file A comparison for other programs: Markdown for GitHub, CSV for pandas, JSON. */

import { createObjectCsvStringifier } from 'csv-writer';
import { toJson } from '../files.js';
import type { ArmSummary } from './arm-summary.js';
import {
  differenceCell,
  effectCell,
  footnotes,
  levelsHeading,
  NOTHING,
  pairName,
  pCell,
  remarks,
  spreadCell,
  stepsCell,
} from './cells.js';
import type { Comparison, PairedComparison } from './compare.js';

/** A table: the first row is its heading, the first column its names. */
export type Table = readonly (readonly string[])[];

type Cell = string | number | null;

/** A comparison as GitHub's tables and a list of notes. */
export function compareMarkdown(comparison: Comparison): string {
  return [
    ...comparisonTables(comparison).map(markdownTable),
    comparisonNotes(comparison)
      .map((note) => `- ${note}`)
      .join('\n'),
  ].join('\n\n');
}

function markdownTable(rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = rows[0].map((_, column) => (column === 0 ? '---' : '--:'));
  return [line(rows[0]), line(rule), ...rows.slice(1).map(line)].join('\n');
}

/** A comparison as tables of text: arms, declared and exploratory comparisons, those that there are. */
export function comparisonTables({ arms, comparisons, exploratory }: Comparison): Table[] {
  const armHeads = ['arm', 'n', 'test accuracy %', 'validation loss', `steps to ${levelsHeading}`];
  const heads = ['seeds', 'points [95 % interval]'];
  const tables = [
    [[...armHeads, 'diverged', 'seconds'], ...arms.map(armRow)],
    [['comparison', ...heads, 'd_z', 'p', 'p (Holm)', 'verdict'], ...comparisons.map(pairRow)],
    [['exploratory', ...heads, 'verdict'], ...exploratory.map(pairRow)],
  ];
  return tables.filter((table) => table.length > 1);
}

function armRow(arm: ArmSummary): string[] {
  return [
    arm.name,
    String(arm.n),
    spreadCell(arm.test_accuracy, 100, 2),
    spreadCell(arm.val_loss, 1, 4),
    stepsCell(arm),
    String(arm.diverged),
    arm.seconds === null ? NOTHING : arm.seconds.toFixed(1),
  ];
}

function pairRow(pair: PairedComparison): string[] {
  return [
    pairName(pair),
    String(pair.n),
    differenceCell(pair),
    ...(pair.declared ? [effectCell(pair.d_z), pCell(pair.p), pCell(pair.p_holm)] : []),
    pair.verdict.text,
  ];
}

/** What is to be said of a comparison's tables, in whole sentences. */
export function comparisonNotes(comparison: Comparison): string[] {
  return [
    ...[...comparison.comparisons, ...comparison.exploratory].flatMap((pair) =>
      remarks(pair, comparison.family).map((text) => `${pairName(pair)}: ${text}.`),
    ),
    ...comparison.notes,
    ...footnotes(comparison),
  ];
}

/**
 * A comparison as one CSV table: a row an arm, a declared and an exploratory comparison, a note, told apart by `kind`.
 *
 * @returns numbers in full precision, accuracies as shares; a cell is empty where a row of its kind has no such value
 */
export function compareCsv({ arms, comparisons, exploratory, notes }: Comparison): string {
  const records = [
    ...arms.map(armRecord),
    ...[...comparisons, ...exploratory].map(pairRecord),
    ...notes.map((note): Record<string, Cell> => ({ kind: 'note', name: note })),
  ];
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const csv = createObjectCsvStringifier({ header: columns.map((id) => ({ id, title: id })) });
  return `${csv.getHeaderString() ?? ''}${csv.stringifyRecords(records)}`;
}

function armRecord(arm: ArmSummary): Record<string, Cell> {
  return {
    kind: 'arm',
    name: arm.name,
    n: arm.n,
    test_accuracy_mean: arm.test_accuracy?.mean ?? null,
    test_accuracy_sd: arm.test_accuracy?.sd ?? null,
    val_loss_mean: arm.val_loss?.mean ?? null,
    val_loss_sd: arm.val_loss?.sd ?? null,
    ...Object.fromEntries(
      arm.steps_to.flatMap(({ accuracy, median, reached }) => {
        const level = Math.round(accuracy * 100);
        return [
          [`steps_to_${level}`, median],
          [`reached_${level}`, reached],
        ];
      }),
    ),
    diverged: arm.diverged,
    seconds: arm.seconds,
  };
}

function pairRecord(pair: PairedComparison): Record<string, Cell> {
  return {
    kind: pair.declared ? 'comparison' : 'exploratory',
    name: pairName(pair),
    n: pair.n,
    a: pair.a,
    b: pair.b,
    left_out_a: pair.only_a.length,
    left_out_b: pair.only_b.length,
    difference_mean: pair.mean,
    difference_sd: pair.sd,
    ci95_low: pair.interval_95?.[0] ?? null,
    ci95_high: pair.interval_95?.[1] ?? null,
    ci90_low: pair.interval_90?.[0] ?? null,
    ci90_high: pair.interval_90?.[1] ?? null,
    d_z: pair.d_z,
    p: pair.p,
    p_holm: pair.p_holm,
    verdict: pair.verdict.kind,
    verdict_text: pair.verdict.text,
  };
}

/** The whole comparison in full precision, indented. */
export function compareJson(comparison: Comparison): string {
  return toJson(comparison);
}
