/** @file A comparison as tables for a terminal. */

import { type TableRow, table } from '../text/table.js';
import { wrap } from '../text/wrap.js';
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
import type { Verdict } from './verdict.js';

/** How to colour text; each function may leave it as it is. */
export type Style = Readonly<Record<'bold' | 'dim' | 'green' | 'red' | 'yellow', (text: string) => string>>;

/** Longer lines of text are hard to read. */
const LONGEST_LINE = 100;

/**
 * A comparison for a terminal: the arms, the declared comparisons and what is to be said of them, the exploratory
 * ones, what to keep in mind, and how to read all that.
 *
 * @param width of the terminal
 * @returns lines that fit, but for single words that are longer
 */
export function compareText(comparison: Comparison, style: Style, width: number): string {
  const { arms, comparisons, exploratory, family, notes } = comparison;
  const sentences = (texts: readonly string[]): string =>
    texts.flatMap((text) => wrap(text, Math.min(width, LONGEST_LINE), '  ')).join('\n');
  return [
    armTable(arms, style, width),
    comparisons.length === 0 ? '' : declaredTable(comparisons, style, width),
    sentences(remarkLines(comparisons, family)),
    exploratory.length === 0 ? '' : exploratoryTable(exploratory, style, width),
    sentences(remarkLines(exploratory, family)),
    notes.length === 0 ? '' : style.yellow(sentences(notes)),
    style.dim(sentences(footnotes(comparison))),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function armTable(arms: readonly ArmSummary[], { bold, yellow }: Style, width: number): string {
  const diverged = arms.some((arm) => arm.diverged > 0);
  const row = (arm: ArmSummary): TableRow => ({
    name: arm.name,
    cells: [
      String(arm.n),
      spreadCell(arm.test_accuracy, 100, 2),
      spreadCell(arm.val_loss, 1, 3),
      stepsCell(arm),
      ...(diverged ? [String(arm.diverged)] : []),
      arm.seconds === null ? NOTHING : arm.seconds.toFixed(1),
    ],
    paint: arm.diverged > 0 ? yellow : undefined,
  });
  const heads: TableRow[] = [
    {
      name: '',
      cells: ['', 'test', 'validation', 'steps to', ...(diverged ? [''] : []), ''],
      paint: bold,
    },
    {
      name: 'arm',
      cells: ['n', 'accuracy %', 'loss', levelsHeading, ...(diverged ? ['diverged'] : []), 'seconds'],
      paint: bold,
    },
  ];
  return table(heads, arms.map(row), width);
}

function declaredTable(pairs: readonly PairedComparison[], style: Style, width: number): string {
  const [heading, ...names] = namesOf('comparison', pairs);
  const heads = ['seeds', 'points [95 %]', 'd_z', 'p'];
  return table(
    [{ name: heading, cells: heads, last: 'verdict', paint: style.bold }],
    pairs.map((pair, index) => ({
      name: names[index],
      cells: [String(pair.n), differenceCell(pair), effectCell(pair.d_z), pCell(pair.p_holm)],
      last: pair.n === 0 ? 'no data' : pair.verdict.kind,
      paint: painter(pair.verdict, style),
    })),
    width,
  );
}

/** The names of comparisons below a heading; what all are compared with moves into the heading. */
function namesOf(title: string, pairs: readonly PairedComparison[]): string[] {
  const [{ b }] = pairs;
  return pairs.length > 1 && pairs.every((pair) => pair.b === b)
    ? [`${title}: … − ${b}`, ...pairs.map(({ a }) => a)]
    : [title, ...pairs.map(pairName)];
}

function painter({ kind }: Verdict, { green, red, dim }: Style): ((text: string) => string) | undefined {
  return { better: green, worse: red, equivalent: undefined, undecided: dim, exploratory: undefined }[kind];
}

/** What the rows leave to be said: the verdict's words if the kind alone does not say it all, then the remarks. */
function remarkLines(pairs: readonly PairedComparison[], family: number): string[] {
  return pairs.flatMap((pair) => {
    const { kind, text } = pair.verdict;
    const found = [...(pair.declared && text !== kind ? [text] : []), ...remarks(pair, family)];
    return found.length === 0 ? [] : [`${pairName(pair)}: ${found.join('; ')}.`];
  });
}

function exploratoryTable(pairs: readonly PairedComparison[], { bold }: Style, width: number): string {
  const [heading, ...names] = namesOf('exploratory', pairs);
  return table(
    [{ name: heading, cells: ['seeds', 'points [95 %]'], paint: bold }],
    pairs.map((pair, index) => ({
      name: names[index],
      cells: [String(pair.n), differenceCell(pair)],
      last: pair.verdict.text,
    })),
    width,
  );
}
