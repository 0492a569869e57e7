/** @file The tables of a comparison, which the terminal, Markdown and HTML formats render. */

import type { ArmSummary } from './arm-summary.js';
import {
  commonReference,
  differenceCell,
  effectCell,
  levelsHeading,
  NOTHING,
  pairName,
  pCell,
  spreadCell,
  stepsCell,
} from './cells.js';
import type { Comparison, PairedComparison } from './compare.js';
import type { Verdict } from './verdict.js';

/** A table: a column of names, columns of numbers, and in tables of comparisons a last column of verdicts. */
export interface ComparisonTable {
  readonly content: 'arm' | 'comparison' | 'exploratory';
  /** The heading of the names. */
  readonly title: string;
  /** The headings of the numbers, in two lines. */
  readonly columns: readonly (readonly [upper: string, lower: string])[];
  readonly hasVerdicts: boolean;
  readonly rows: readonly ComparisonRow[];
}

export interface ComparisonRow {
  readonly name: string;
  /** One number per column. */
  readonly cells: readonly string[];
  readonly verdict: string | null;
  /** What the colour of the row depends on. */
  readonly kind: Verdict['kind'] | 'arm' | 'diverged arm';
}

/**
 * The tables of a comparison: arms, declared comparisons, exploratory comparisons. Empty tables are left out.
 *
 * @param options `compact` is for a terminal: fewer columns and digits, short verdicts, and a reference arm that all
 *   comparisons share is in the heading
 */
export function comparisonTables(
  { arms, comparisons, exploratory }: Comparison,
  { compact = false } = {},
): ComparisonTable[] {
  const tables = [
    armTable(arms, compact),
    pairTable('comparison', comparisons, compact),
    pairTable('exploratory', exploratory, compact),
  ];
  return tables.filter(({ rows }) => rows.length > 0);
}

function armTable(arms: readonly ArmSummary[], compact: boolean): ComparisonTable {
  const showDiverged = !compact || arms.some(({ diverged }) => diverged > 0);
  return {
    content: 'arm',
    title: 'arm',
    columns: [
      ['', 'n'],
      ['test', 'accuracy %'],
      ['validation', 'loss'],
      ['steps to', levelsHeading],
      ...(showDiverged ? [['', 'diverged'] as const] : []),
      ['', 'seconds'],
    ],
    hasVerdicts: false,
    rows: arms.map((arm) => ({
      name: arm.name,
      cells: [
        String(arm.n),
        spreadCell(arm.test_accuracy, 100, 2),
        spreadCell(arm.val_loss, 1, compact ? 3 : 4),
        stepsCell(arm),
        ...(showDiverged ? [String(arm.diverged)] : []),
        arm.seconds === null ? NOTHING : arm.seconds.toFixed(1),
      ],
      verdict: null,
      kind: arm.diverged > 0 ? 'diverged arm' : 'arm',
    })),
  };
}

/** A column of test statistics. */
interface TestColumn {
  readonly heading: string;
  readonly cell: (pair: PairedComparison) => string;
}

function pairTable(
  content: 'comparison' | 'exploratory',
  pairs: readonly PairedComparison[],
  compact: boolean,
): ComparisonTable {
  const reference = compact ? commonReference(pairs) : null;
  const tests: readonly TestColumn[] =
    content === 'exploratory'
      ? []
      : [
          { heading: 'd_z', cell: ({ d_z }) => effectCell(d_z) },
          ...(compact ? [] : [{ heading: 'p', cell: ({ p }: PairedComparison) => pCell(p) }]),
          { heading: 'p (Holm)', cell: ({ p_holm }) => pCell(p_holm) },
        ];
  return {
    content,
    title: reference === null ? content : `${content}: … − ${reference}`,
    columns: [['', 'seeds'], ['', 'points [95 % CI]'], ...tests.map(({ heading }) => ['', heading] as const)],
    hasVerdicts: true,
    rows: pairs.map((pair) => ({
      name: reference === null ? pairName(pair) : pair.a,
      cells: [String(pair.n), differenceCell(pair), ...tests.map(({ cell }) => cell(pair))],
      verdict: compact ? shortVerdict(pair) : pair.verdict.text,
      kind: pair.verdict.kind,
    })),
  };
}

/** The kind of a declared verdict; the remarks below the table give the details. */
function shortVerdict({ n, declared, verdict }: PairedComparison): string {
  if (!declared) return verdict.text;
  return n === 0 ? 'no data' : verdict.kind;
}

/** A table as rows of text, heading first. */
export function toGrid({ title, columns, hasVerdicts, rows }: ComparisonTable): string[][] {
  const headings = columns.map((lines) => lines.filter(Boolean).join(' '));
  return [
    [title, ...headings, ...(hasVerdicts ? ['verdict'] : [])],
    ...rows.map(({ name, cells, verdict }) => [name, ...cells, ...(hasVerdicts ? [verdict ?? ''] : [])]),
  ];
}
