/** @file `wnlstm compare`: arms over seeds, with intervals and verdicts. */
import { Option } from 'commander';
import { EXIT, UserError } from '../errors.js';
import { replaceFile } from '../files.js';
import type { Arm } from '../report/arm.js';
import { type Comparison, compare, DEFAULT_MARGIN } from '../report/compare.js';
import { compareCsv, compareJson, compareMarkdown } from '../report/compare-formats.js';
import { compareText } from '../report/compare-text.js';
import { type Results, readResults } from '../sweep/results.js';
import { selectArms } from '../sweep/select.js';
import type { Configure, Io } from './io.js';
import { addRunsOption } from './options.js';

interface CompareOptions {
  readonly runs: string;
  readonly format: 'text' | 'md' | 'csv' | 'json';
  readonly pair: readonly string[];
  readonly against?: string;
  readonly select?: string;
  readonly failOn?: 'worse';
  readonly report?: string;
}

type Pairs = readonly (readonly [string, string])[];

export const configureCompare: Configure = (command, io) => {
  command.argument('<runs...>', 'a sweep (its folder or name), or runs, or folders of runs');
  addRunsOption(command)
    .addOption(
      new Option('--format <name>', 'how to print it').choices(['text', 'md', 'csv', 'json']).default('text'),
    )
    .option(
      '--pair <"A vs B">',
      'also compare two arms that the sweep does not; exploratory, may be repeated',
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option('--against <arm>', 'also compare every arm with this one; exploratory')
    .option(
      '--select <criterion>',
      'only the best point of each arm in the grid, by val_accuracy, best_val_accuracy or val_loss',
    )
    .addOption(
      new Option('--fail-on <verdict>', `exit ${EXIT.refused} if a declared comparison says so`).choices([
        'worse',
      ]),
    )
    .option('--report <file>', 'also write one HTML page: tables, figures, configs, environment')
    .action((names: string[], options: CompareOptions) => compareRuns(names, options, io));
};

const parsePair = (text: string): [string, string] => {
  const parts = text.split(' vs ').map((part) => part.trim());
  if (parts.length === 2 && parts.every(Boolean)) return [parts[0], parts[1]];
  throw new UserError('E_USAGE', `--pair: expected "A vs B", got ${JSON.stringify(text)}.`, {
    hint: 'A and B are names of arms, as `wnlstm compare` prints them.',
  });
};

/** What is compared: what was planned, and what was asked for besides. */
const comparisonOf = (
  results: Results,
  { pair, against, select }: CompareOptions,
): { arms: readonly Arm[]; comparison: Comparison } => {
  const selected = select === undefined ? null : selectArms(results, select);
  const arms = selected?.arms ?? results.arms;
  const others: Pairs =
    against === undefined
      ? []
      : arms.filter(({ name }) => name !== against).map(({ name }): [string, string] => [name, against]);
  const comparison = compare({
    arms,
    comparisons: selected ? [] : results.comparisons,
    exploratory: [...(selected?.pairs ?? []), ...pair.map(parsePair), ...others],
    margin: results.plan?.margin ?? DEFAULT_MARGIN,
  });
  return { arms, comparison };
};

const compareRuns = async (names: readonly string[], options: CompareOptions, io: Io): Promise<void> => {
  const results = readResults(options.runs, names);
  const { arms, comparison } = comparisonOf(results, options);
  for (const note of results.notes) io.err(`${io.errColor.yellow('note')} ${note}`);
  if (options.report !== undefined) {
    const { comparisonPage } = await import('../report/page.js');
    const { title, plan, notes, found } = results;
    const about = plan?.about ?? null;
    replaceFile(options.report, comparisonPage({ title, about, arms, comparison, notes, found }));
    io.err(`Written: ${options.report}`);
  }
  io.out(printed(comparison, options.format, io).trimEnd());
  if (options.failOn && comparison.comparisons.some(({ verdict }) => verdict.kind === options.failOn)) {
    io.exit(EXIT.refused);
  }
};

const printed = (comparison: Comparison, format: CompareOptions['format'], io: Io): string => {
  switch (format) {
    case 'text':
      return compareText(comparison, io.outColor);
    case 'md':
      return compareMarkdown(comparison);
    case 'csv':
      return compareCsv(comparison);
    case 'json':
      return compareJson(comparison);
    default:
      return format satisfies never;
  }
};
