/** @file `wnlstm compare`: arms over seeds, with intervals and verdicts. */

import { dirname, extname } from 'node:path';
import { Option } from 'commander';
import { type Comparison, compare } from '../compare/compare.js';
import { compareCsv, compareJson, compareMarkdown } from '../compare/formats.js';
import { compareText } from '../compare/text.js';
import { EXIT, UserError } from '../errors.js';
import type { Heading } from '../figures/figure.js';
import { figurePng, figureSvg } from '../figures/figure-files.js';
import { figureHtml } from '../figures/figure-html.js';
import { forestSpec, forestUsage } from '../figures/forest.js';
import { comparisonPage } from '../figures/page.js';
import { makeDirectory, replaceFile } from '../files.js';
import type { Arm } from '../results/arm.js';
import { type Results, readResults } from '../results/results.js';
import { selectArms } from '../results/select-arms.js';
import { DEFAULT_MARGIN } from '../sweep/grid.js';
import type { Plan } from '../sweep/plan.js';
import type { Configure, Io } from '../terminal/io.js';
import { parsePath } from '../terminal/options.js';
import { addRunsArgument, namedRuns } from '../terminal/runs-argument.js';

interface CompareOptions {
  readonly runs: string;
  readonly format: 'text' | 'md' | 'csv' | 'json';
  readonly pair: readonly string[];
  readonly against?: string;
  readonly select?: string;
  readonly failOn?: 'worse';
  readonly figure?: string;
  readonly report?: string;
}

type Pairs = readonly (readonly [string, string])[];

export const configureCompare: Configure = (command, io) => {
  addRunsArgument(command)
    .addOption(
      new Option('--format <name>', 'how to print it').choices(['text', 'md', 'csv', 'json']).default('text'),
    )
    .addOption(
      new Option(
        '--pair <"A vs B">',
        'also compare two arms that the sweep does not; exploratory, may be repeated',
      )
        .argParser((text: string, before: readonly string[]) => [...before, text])
        .default([], 'none'),
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
    .option('--figure <file>', 'also draw the differences, as svg, png or html', parsePath)
    .option('--report <file>', 'also write one HTML page: tables, figures, configs, environment', parsePath)
    .action((names: string[], options: CompareOptions) => compareRuns(names, options, io));
};

async function compareRuns(names: readonly string[], options: CompareOptions, io: Io): Promise<void> {
  const results = readResults(options.runs, namedRuns(names, options.runs, io));
  const { arms, comparison } = comparisonOf(results, options);
  if (options.failOn && comparison.comparisons.length === 0) {
    throw new UserError('E_USAGE', `--fail-on ${options.failOn} expects declared comparisons, found none.`, {
      hint: 'A sweep file declares them; runs without a plan and arms of --select have none.',
    });
  }
  if (options.report !== undefined && extname(options.report) !== '.html') {
    throw new UserError('E_USAGE', `--report ${options.report}: expected an ending of .html.`);
  }
  const { title, plan, found } = results;
  const about = plan?.about ?? null;
  const write = (path: string, content: string | Uint8Array): void => {
    makeDirectory(dirname(path));
    replaceFile(path, content);
    io.err(`Written: ${path}`);
  };
  if (options.figure !== undefined) {
    const heading = { title, ...(about === null ? {} : { subtitle: about }) };
    write(options.figure, await drawn(comparison, heading, options.figure));
  }
  if (options.report !== undefined) {
    const page = { title, about, arms, comparison, found, planned: plan && describePlan(plan) };
    write(options.report, comparisonPage(page));
  }
  io.out(printed(comparison, options.format, io).trimEnd());
  if (options.failOn && comparison.comparisons.some(({ verdict }) => verdict.kind === options.failOn)) {
    io.exit(EXIT.refused);
  }
}

/** What is compared: what was planned, and what was asked for besides. */
function comparisonOf(
  results: Results,
  { pair, against, select }: CompareOptions,
): { arms: readonly Arm[]; comparison: Comparison } {
  const selected = select === undefined ? null : selectArms(results, select);
  const arms = selected?.arms ?? results.arms;
  const others: Pairs =
    against === undefined
      ? []
      : arms.filter(({ name }) => name !== against).map(({ name }): [string, string] => [name, against]);
  const comparison = compare({
    arms,
    comparisons: selected ? [] : results.comparisons,
    exploratory: [...(selected?.pairs ?? withFirst(results)), ...pair.map(parsePair), ...others],
    margin: results.plan?.margin ?? DEFAULT_MARGIN,
    notes: [...results.notes, ...(selected ? [selected.note] : [])],
  });
  return { arms, comparison };
}

/** Runs without a plan: each arm with the first. */
function withFirst({ plan, arms }: Results): Pairs {
  return plan ? [] : arms.slice(1).map(({ name }): [string, string] => [name, arms[0].name]);
}

function parsePair(text: string): [string, string] {
  const parts = text.split(' vs ').map((part) => part.trim());
  if (parts.length === 2 && parts.every(Boolean)) return [parts[0], parts[1]];
  throw new UserError('E_USAGE', `--pair: expected "A vs B", got ${JSON.stringify(text)}.`, {
    hint: 'A and B are names of arms, as `wnlstm compare` prints them.',
  });
}

/** The differences as a figure, in the format that the file's ending names. */
async function drawn(comparison: Comparison, heading: Heading, path: string): Promise<string | Uint8Array> {
  if (comparison.comparisons.length + comparison.exploratory.length === 0) {
    throw new UserError('E_USAGE', '--figure expects comparisons, found none.', {
      hint: 'Ask for some with `--against` or `--pair`.',
    });
  }
  switch (extname(path)) {
    case '.svg':
      return figureSvg(forestSpec(comparison, heading));
    case '.png':
      return figurePng(await figureSvg(forestSpec(comparison, heading)));
    case '.html':
      return figureHtml(
        { wide: forestSpec(comparison, heading, { interactive: true }), narrow: null },
        heading.title,
        forestUsage,
      );
    default:
      throw new UserError('E_USAGE', `--figure ${path}: expected an ending of .svg, .png, .html.`);
  }
}

function describePlan({ created_at, added }: Plan): string {
  return [
    `Planned on ${created_at.slice(0, 16).replace('T', ' ')} UTC.`,
    ...added.map(({ at, seeds }) => `Seeds ${seeds.join(', ')} were added on ${at.slice(0, 10)}.`),
  ].join(' ');
}

function printed(comparison: Comparison, format: CompareOptions['format'], io: Io): string {
  switch (format) {
    case 'text':
      return compareText(comparison, io.outColor, io.outWidth ?? 80);
    case 'md':
      return compareMarkdown(comparison);
    case 'csv':
      return compareCsv(comparison);
    case 'json':
      return compareJson(comparison);
    default:
      return format satisfies never;
  }
}
