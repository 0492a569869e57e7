/** @file A comparison as tables for a terminal of 80 columns. */
import type { ArmSummary } from './arm-summary.js';
import type { Comparison, PairedComparison } from './compare.js';
import {
  differenceCell,
  effectCell,
  legend,
  levelsHeading,
  NOTHING,
  pairName,
  pCell,
  remarks,
  spreadCell,
  stepsCell,
} from './compare-cells.js';
import { alignColumns } from './table.js';
import type { Verdict } from './verdict.js';

/** How to colour text; each function may leave it as it is. */
export type Style = Readonly<Record<'bold' | 'dim' | 'green' | 'red' | 'yellow', (text: string) => string>>;

const WIDTH = 80;

/** Text in lines of at most `WIDTH`, broken at spaces. */
const wrap = (text: string, indent = ''): string => {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > WIDTH)
      lines.push(lines.length === 0 ? word : indent + word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.join('\n');
};

/** A row of a table: a name, numbers, and words at the end. */
interface TableRow {
  readonly name: string;
  readonly cells: readonly string[];
  readonly last?: string;
  readonly paint?: (text: string) => string;
}

/** A name too long for its column stands on a line of its own, above its numbers: it is never cut. */
const table = (rows: readonly TableRow[]): string => {
  const numbers = rows[0].cells.map((_, column) =>
    Math.max(...rows.map(({ cells }) => cells[column].length)),
  );
  const ends = Math.max(...rows.map(({ last }) => (last === undefined ? 0 : last.length + 2)));
  const room = WIDTH - ends - numbers.reduce((sum, width) => sum + width + 2, 0);
  const aligned = alignColumns(
    rows.map(({ name, cells }) => [name.length > room ? '' : name, ...cells]),
  ).split('\n');
  const width = Math.max(...aligned.map((line) => line.length));
  return rows
    .flatMap(({ name, last, paint = (text) => text }, index) => {
      const line = last ? `${aligned[index].padEnd(width)}  ${last}` : aligned[index];
      return [...(name.length > room ? [wrap(name, '  ')] : []), line].map((text) => paint(text)); // chalk takes more
    })
    .join('\n');
};

const armTable = (arms: readonly ArmSummary[], { bold, yellow }: Style): string => {
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
  return table([
    {
      name: '',
      cells: ['', 'test', 'validation', 'steps to', ...(diverged ? ['di-'] : []), ''],
      paint: bold,
    },
    {
      name: 'arm',
      cells: ['n', 'accuracy %', 'loss', levelsHeading, ...(diverged ? ['verged'] : []), 'seconds'],
      paint: bold,
    },
    ...arms.map(row),
  ]);
};

const painter = ({ kind }: Verdict, { green, red, dim }: Style): ((text: string) => string) | undefined =>
  ({ better: green, worse: red, equivalent: undefined, undecided: dim, exploratory: undefined })[kind];

/** The names of comparisons below a heading; what all are compared with moves into the heading. */
const namesOf = (title: string, pairs: readonly PairedComparison[]): string[] => {
  const [{ b }] = pairs;
  return pairs.length > 1 && pairs.every((pair) => pair.b === b)
    ? [`${title}: … − ${b}`, ...pairs.map(({ a }) => a)]
    : [title, ...pairs.map(pairName)];
};

const declaredTable = (pairs: readonly PairedComparison[], style: Style): string => {
  const [heading, ...names] = namesOf('comparison', pairs);
  const heads = ['seeds', 'points [95 %]', 'd_z', 'p'];
  return table([
    { name: heading, cells: heads, last: 'verdict', paint: style.bold },
    ...pairs.map((pair, index) => ({
      name: names[index],
      cells: [String(pair.n), differenceCell(pair), effectCell(pair.d_z), pCell(pair.p_holm)],
      last: pair.verdict.kind,
      paint: painter(pair.verdict, style),
    })),
  ]);
};

const exploratoryTable = (pairs: readonly PairedComparison[], { bold }: Style): string => {
  const [heading, ...names] = namesOf('exploratory', pairs);
  return table([
    { name: heading, cells: ['seeds', 'points [95 %]'], paint: bold },
    ...pairs.map((pair, index) => ({
      name: names[index],
      cells: [String(pair.n), differenceCell(pair)],
      last: pair.verdict.text,
    })),
  ]);
};

/** What the rows leave to be said: the verdict's words if the kind alone does not say it all, then the remarks. */
const remarkLines = (pairs: readonly PairedComparison[], family: number): string[] =>
  pairs.flatMap((pair) => {
    const { kind, text } = pair.verdict;
    const found = [...(pair.declared && text !== kind ? [text] : []), ...remarks(pair, family)];
    return found.length === 0 ? [] : [`${pairName(pair)}: ${found.join('; ')}.`];
  });

/**
 * A comparison for a terminal: the arms, the declared comparisons and what is to be said of them, the exploratory
 * ones, what to keep in mind, and in two sentences how to read all that.
 *
 * @returns lines of at most 80 columns, but for single words that are longer
 */
export const compareText = (comparison: Comparison, style: Style): string => {
  const { arms, comparisons, exploratory, family, notes } = comparison;
  const sentences = (texts: readonly string[]): string => texts.map((text) => wrap(text, '  ')).join('\n');
  return [
    armTable(arms, style),
    comparisons.length === 0 ? '' : declaredTable(comparisons, style),
    sentences(remarkLines(comparisons, family)),
    exploratory.length === 0 ? '' : exploratoryTable(exploratory, style),
    sentences(remarkLines(exploratory, family)),
    notes.length === 0 ? '' : style.yellow(sentences(notes)),
    style.dim(sentences(legend(comparison))),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
};
