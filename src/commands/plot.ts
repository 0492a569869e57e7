/** @file `wnlstm plot`: learning curves from the CSVs, as files or right in the terminal. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { UserError } from '../errors.js';
import { curveNotes, curvesCsv } from '../figures/curve-words.js';
import {
  type Band,
  bands,
  type Column,
  type Curves,
  curvesOf,
  defaultColumns,
  parseColumn,
} from '../figures/curves.js';
import { figureSpec, type Heading } from '../figures/figure.js';
import { figureJson, figurePng, figureSvg } from '../figures/figure-files.js';
import { figureHtml } from '../figures/figure-html.js';
import { figureText } from '../figures/figure-text.js';
import { type XAxis, xAxes } from '../figures/x-axis.js';
import { makeDirectory, replaceFile } from '../files.js';
import type { Arm, RunRows } from '../results/arm.js';
import { type Results, readProgress } from '../results/results.js';
import type { Configure, Io } from '../terminal/io.js';
import { parsePath } from '../terminal/options.js';
import { addRunsArgument, namedRuns } from '../terminal/runs-argument.js';
import { nearest } from '../text/nearest.js';

const CURVES_HEADER = 'column,arm,step,mean';
const FACET_COLUMNS: readonly Column[] = ['loss', 'accuracy'];

const FILE_FORMATS = ['svg', 'png', 'vl.json', 'html'] as const;
type FileFormat = (typeof FILE_FORMATS)[number];
type Format = FileFormat | 'text';

interface PlotOptions {
  readonly runs: string;
  readonly format?: readonly Format[];
  readonly out?: string;
  readonly columns?: readonly Column[];
  readonly arm: readonly string[];
  readonly band: Band;
  readonly x: XAxis;
  readonly smooth?: number;
  readonly facet?: boolean;
  readonly title?: string;
}

export const configurePlot: Configure = (command, io) => {
  addRunsArgument(command)
    .option(
      '--format <names>',
      'svg, png, vl.json, html, text; several with commas (default: svg)',
      parseFormats,
    )
    .option(
      '--out <file>',
      'where to; its ending names the format (default: curves in the folder of the sweep or run)',
      parsePath,
    )
    .option('--columns <names>', 'columns of the CSVs, with commas', (text) =>
      text.split(',').map(parseColumn),
    )
    .addOption(
      new Option('--arm <name>', 'this arm only; may be repeated')
        .argParser((name: string, before: readonly string[]) => [...before, name])
        .default([], 'all arms'),
    )
    .addOption(
      new Option('--band <kind>', 'over the seeds: 95 % interval of the mean, standard deviation, or range')
        .choices(bands)
        .default('ci'),
    )
    .addOption(
      new Option(
        '--x <axis>',
        'what the curves run over; seconds are the mean time of the seeds at the same step',
      )
        .choices(xAxes)
        .default('step'),
    )
    .option(
      '--smooth <steps>',
      'columns of steps.csv as means over so many steps, back from each point (default: as they are)',
      parseSteps,
    )
    .option(
      '--facet',
      'a row for each arm, on the same scales; of loss and accuracy unless --columns says more',
    )
    .option('--title <text>', 'above the figure')
    .action((names: string[], options: PlotOptions) => plot(names, options, io));
};

function parseFormats(text: string): Format[] {
  const names = [...new Set(text.split(','))];
  const wrong = names.find((name) => !isFormat(name));
  if (wrong === undefined) return names.filter(isFormat);
  throw new InvalidArgumentError(`Expected ${[...FILE_FORMATS, 'text'].join(', ')}, got ${wrong}.`);
}

function isFormat(text: string): text is Format {
  return text === 'text' || FILE_FORMATS.some((known) => known === text);
}

function parseSteps(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`Expected a whole number of steps, 1 or more, got ${text}.`);
}

async function plot(names: readonly string[], options: PlotOptions, io: Io): Promise<void> {
  const results = readProgress(options.runs, namedRuns(names, options.runs, io));
  for (const note of results.notes) io.err(`${io.errColor.yellow('note')} ${note}`);
  const arms = chosenArms(results, options.arm);
  const columns = [...new Set(options.columns ?? (options.facet ? FACET_COLUMNS : defaultColumns(arms)))];
  const shown = arms.map(({ name }) => name);
  const curves = curvesOf(results.arms, columns, options.band, {
    shown,
    x: options.x,
    smooth: options.smooth,
  });
  const unfinished = results.found.filter(({ status }) => status !== 'completed' && status !== 'diverged');
  const notes = [
    ...(unfinished.length > 0
      ? [`${unfinished.length} of these runs ${unfinished.length === 1 ? 'is' : 'are'} not finished.`]
      : []),
    ...curveNotes(curves),
  ];
  for (const note of notes) io.err(`${io.errColor.yellow('note')} ${note}`);

  const { formats, base } = targetOf(results, options);
  if (formats.includes('text')) io.out(figureText(curves, textSize(io), { color: armColor(io) }));
  const files = formats.filter((format) => format !== 'text');
  if (files.length === 0) return;
  const heading = headingOf(results, options);
  const numbers = numbersFile(base);
  makeDirectory(dirname(base));
  for (const format of files) {
    replaceFile(`${base}.${format}`, await render(format, curves, heading, Boolean(options.facet)));
    io.out(`${base}.${format}`);
  }
  replaceFile(numbers, curvesCsv(curves));
  io.out(numbers);
}

function chosenArms({ arms }: Results<RunRows>, wanted: readonly string[]): readonly Arm<RunRows>[] {
  const withRows = arms.filter(({ runs }) => runs.length > 0);
  const names = withRows.map(({ name }) => name);
  if (names.length === 0) return [];
  for (const name of wanted) {
    if (names.includes(name)) continue;
    throw new UserError('E_USAGE', `--arm: there is no arm ${name} with rows${nearest(name, names)}.`, {
      hint: `There are ${names.join(', ')}.`,
    });
  }
  return wanted.length === 0 ? withRows : withRows.filter(({ name }) => wanted.includes(name));
}

/** Formats, and the path of the figure without its ending. */
function targetOf(
  { directory }: Results<RunRows>,
  { out, format, runs }: PlotOptions,
): { formats: readonly Format[]; base: string } {
  if (out === undefined) return { formats: format ?? ['svg'], base: join(directory ?? runs, 'curves') };
  const ending = FILE_FORMATS.find((known) => out.endsWith(`.${known}`));
  const formats = format ?? (ending ? [ending] : []);
  const files = formats.filter((name) => name !== 'text');
  if (files.length === 0 || (ending !== undefined && !files.includes(ending))) {
    const expected = files.length > 0 ? files : FILE_FORMATS;
    throw new UserError('E_USAGE', `--out ${out}: expected an ending of ${expected.join(', ')}.`, {
      hint: 'The ending names the format; `--format svg,png` writes several. Text goes to standard output.',
    });
  }
  return { formats, base: ending === undefined ? out : out.slice(0, -ending.length - 1) };
}

/** As wide as the terminal, but no wider than curves can be read. */
function textSize(io: Io): { width: number; height: number } {
  return {
    width: Math.min(io.outWidth ?? 80, 120),
    height: 14,
  };
}

function armColor({ outColor }: Io) {
  return (slot: number, text: string): string => {
    const { cyan, yellow, magenta, green, blue, red } = outColor;
    return [cyan, yellow, magenta, green, blue, red][slot % 6](text);
  };
}

function headingOf({ plan, title }: Results<RunRows>, options: PlotOptions): Heading {
  return {
    title: options.title ?? title,
    ...(plan?.about && options.title === undefined ? { subtitle: plan.about } : {}),
  };
}

/** The numbers' file, unless something else is there already: a run's own CSV must not be lost. */
function numbersFile(base: string): string {
  const path = `${base}.csv`;
  if (!existsSync(path) || readFileSync(path, 'utf8').startsWith(CURVES_HEADER)) return path;
  throw new UserError('E_USAGE', `${path} is not a figure's: it would be replaced by the plotted numbers.`, {
    hint: 'Choose another name with `--out`.',
  });
}

async function render(
  format: FileFormat,
  curves: Curves,
  heading: Heading,
  facet: boolean,
): Promise<string | Uint8Array> {
  const spec = figureSpec(curves, heading, { facet });
  switch (format) {
    case 'svg':
      return figureSvg(spec);
    case 'png':
      return figurePng(await figureSvg(spec));
    case 'vl.json':
      return figureJson(spec);
    case 'html':
      return figureHtml(
        {
          wide: figureSpec(curves, heading, { facet, interactive: true }),
          narrow: figureSpec(curves, heading, { facet, interactive: true, narrow: true }),
        },
        heading.title,
      );
    default:
      return format satisfies never;
  }
}
