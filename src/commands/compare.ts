/** @file `wnlstm compare`: compares arms over seeds, with intervals, tests and verdicts. */

import { dirname, extname } from 'node:path';
import { type Command, Option } from '@commander-js/extra-typings';
import { type Comparison, compare } from '../compare/compare.js';
import { compareCsv } from '../compare/csv.js';
import { compareMarkdown } from '../compare/markdown.js';
import { compareText } from '../compare/text.js';
import { EXIT, UserError } from '../errors.js';
import type { Heading } from '../figures/figure.js';
import { type Figure, figureFormats, renderFigure, requireFormat } from '../figures/figure-files.js';
import { forestSpec, forestUsage } from '../figures/forest.js';
import { comparisonPage } from '../figures/page.js';
import { makeDirectory, replaceFile, toJson } from '../files.js';
import type { Arm } from '../results/arm.js';
import { addedSeeds, type Results, readResults } from '../results/results.js';
import { selectArms } from '../results/select-arms.js';
import { DEFAULT_MARGIN } from '../sweep/grid.js';
import type { Plan } from '../sweep/plan.js';
import type { Configure, Io } from '../terminal/io.js';
import { type OptionsOf, parsePath, parseRepeated } from '../terminal/options.js';
import { addRunsArgument, namedRuns } from '../terminal/runs-argument.js';

type Options = OptionsOf<typeof addOptions>;
type Pair = readonly [string, string];

export const configure: Configure = (command, io, run) => {
  addOptions(command).action(run((names, options) => compareRuns(names, options, io)));
};

function addOptions(command: Command) {
  return addRunsArgument(command)
    .addOption(
      new Option('--format <name>', 'output format')
        .choices(['text', 'md', 'csv', 'json'] as const)
        .default('text' as const),
    )
    .addOption(
      new Option(
        '--pair <"A vs B">',
        'also compare arm A with arm B, as an exploratory comparison; can be repeated',
      )
        .argParser(parseRepeated)
        .default([], 'none'),
    )
    .option('--against <arm>', 'also compare every arm with this arm, as exploratory comparisons')
    .option(
      '--select <criterion>',
      'compare only the best point of each grid, by val_accuracy, best_val_accuracy or val_loss',
    )
    .addOption(
      new Option(
        '--fail-on <verdict>',
        `exit with code ${EXIT.refused} if a declared comparison has this verdict`,
      ).choices(['worse'] as const),
    )
    .option(
      '--figure <file>',
      `also write a figure of the differences; its ending selects the format: ${figureFormats.join(', ')}`,
      parsePath,
    )
    .option(
      '--report <file>',
      'also write an HTML page with tables, figures, configs and environment',
      parsePath,
    );
}

async function compareRuns(names: readonly string[] | undefined, options: Options, io: Io): Promise<number> {
  const results = readResults(options.runs, namedRuns(names, options.runs, io));
  const { arms, comparison } = comparisonOf(results, options);
  const { failOn, figure, report } = options;
  if (failOn && comparison.comparisons.length === 0) {
    throw new UserError('E_USAGE', `--fail-on ${failOn}: expected declared comparisons, found none.`, {
      hint: 'Comparisons are declared in a sweep file. Runs without a plan, and `--select`, have none.',
    });
  }
  if (report !== undefined && extname(report) !== '.html') {
    throw new UserError('E_USAGE', `--report ${report}: expected a file name that ends in .html.`, {
      hint: 'For text, Markdown, CSV or JSON, use `--format`.',
    });
  }
  const { title, plan, found } = results;
  const about = plan?.about ?? null;
  const write = (path: string, content: string | Uint8Array): void => {
    makeDirectory(dirname(path));
    replaceFile(path, content);
    io.err(`Wrote ${path}`);
  };
  if (figure !== undefined) {
    const heading = { title, ...(about === null ? {} : { subtitle: about }) };
    write(figure, await drawFigure(comparison, heading, figure));
  }
  if (report !== undefined) {
    const page = { title, about, arms, comparison, found, planned: plan && describePlan(plan) };
    write(report, comparisonPage(page));
  }
  io.out(formatted(comparison, options.format, io).trimEnd());
  const matches = comparison.comparisons.some(({ verdict }) => verdict.kind === failOn);
  return matches ? EXIT.refused : EXIT.done;
}

/** The declared comparisons, and the exploratory comparisons of the options. */
function comparisonOf(
  results: Results,
  { pair, against, select }: Options,
): { arms: readonly Arm[]; comparison: Comparison } {
  const selection = select === undefined ? null : selectArms(results, select);
  const arms = selection?.arms ?? results.arms;
  const comparison = compare({
    arms,
    comparisons: selection ? [] : results.comparisons,
    exploratory: [
      ...(selection?.pairs ?? pairsWithFirst(results)),
      ...pair.map(parsePair),
      ...(against === undefined ? [] : pairsWith(against, arms)),
    ],
    margin: results.plan?.margin ?? DEFAULT_MARGIN,
    notes: [...results.notes, ...(selection ? [selection.note] : [])],
  });
  return { arms, comparison };
}

/** Without a plan, every arm is compared with the first one. */
function pairsWithFirst({ plan, arms: [first, ...others] }: Results): Pair[] {
  return plan || !first ? [] : pairsWith(first.name, others);
}

function pairsWith(reference: string, arms: readonly Arm[]): Pair[] {
  return arms.filter(({ name }) => name !== reference).map(({ name }) => [name, reference]);
}

function parsePair(text: string): Pair {
  const [a, b, ...rest] = text.split(' vs ').map((part) => part.trim());
  if (a && b && rest.length === 0) return [a, b];
  throw new UserError('E_USAGE', `--pair: expected "A vs B", got ${JSON.stringify(text)}.`, {
    hint: 'A and B are names of arms, as `wnlstm compare` prints them.',
  });
}

/** A figure of the differences, in the format that the file name ends in. */
async function drawFigure(
  comparison: Comparison,
  heading: Heading,
  path: string,
): Promise<string | Uint8Array> {
  if (comparison.comparisons.length + comparison.exploratory.length === 0) {
    throw new UserError('E_USAGE', '--figure: expected comparisons, found none.', {
      hint: 'Add some with `--against` or `--pair`.',
    });
  }
  const format = requireFormat('--figure', path);
  const figure: Figure = {
    title: heading.title,
    spec: forestSpec(comparison, heading),
    interactive: forestSpec(comparison, heading, { interactive: true }),
    narrow: null,
    usage: forestUsage,
  };
  return renderFigure(figure, format);
}

function describePlan({ created_at, added }: Plan): string {
  return [
    `The plan was made on ${created_at.slice(0, 16).replace('T', ' ')} UTC.`,
    ...added.map(({ at, seeds }) => `${addedSeeds(seeds, at)}.`),
  ].join(' ');
}

function formatted(comparison: Comparison, format: Options['format'], io: Io): string {
  switch (format) {
    case 'text':
      return compareText(comparison, io.outColor, io.outWidth ?? 80);
    case 'md':
      return compareMarkdown(comparison);
    case 'csv':
      return compareCsv(comparison);
    case 'json':
      return toJson(comparison);
    default:
      return format satisfies never;
  }
}
