/** @file `wnlstm plot`: plots the learning curves of runs, as files or as text in the terminal. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { EXIT, UserError } from '../errors.js';
import { curveNotes, curvesCsv } from '../figures/curve-notes.js';
import { bands, type Column, type Curves, curvesOf, defaultColumns, parseColumn } from '../figures/curves.js';
import { figureSpec, type Heading } from '../figures/figure.js';
import {
  type Figure,
  type FigureFormat,
  figureFormats,
  formatOf,
  renderFigure,
} from '../figures/figure-files.js';
import { curvesUsage } from '../figures/figure-html.js';
import { figureText } from '../figures/figure-text.js';
import { xAxes } from '../figures/x-axis.js';
import { makeDirectory, replaceFile } from '../files.js';
import type { Arm, RunRows } from '../results/arm.js';
import { type Results, readLoggedRuns } from '../results/results.js';
import { armColor } from '../terminal/arm-color.js';
import type { Configure, Io } from '../terminal/io.js';
import { printNote } from '../terminal/messages.js';
import { type OptionsOf, parsePath, parsePositive, parseRepeated } from '../terminal/options.js';
import { addRunsArgument, namedRuns } from '../terminal/runs-argument.js';
import { nearest } from '../text/nearest.js';
import { plural } from '../text/plural.js';

const CURVES_HEADER = 'column,arm,step,mean';
const FACET_COLUMNS: readonly Column[] = ['loss', 'accuracy'];

type Format = FigureFormat | 'text';

type Options = OptionsOf<typeof addOptions>;

export const configure: Configure = (command, io, run) => {
  addOptions(command).action(run((names, options) => plot(names, options, io)));
};

function addOptions(command: Command) {
  return addRunsArgument(command)
    .option(
      '--format <names>',
      'svg, png, vl.json, html, text, or several of them separated by commas (default: svg)',
      parseFormats,
    )
    .option(
      '--out <file>',
      'file to write; its ending selects the format (default: curves in the folder of the sweep or run)',
      parsePath,
    )
    .option('--columns <names>', 'columns of the CSV files, separated by commas', (text: string) =>
      text.split(',').map(parseColumn),
    )
    .addOption(
      new Option('--arm <name>', 'plot only this arm; can be repeated')
        .argParser(parseRepeated)
        .default([], 'all arms'),
    )
    .addOption(
      new Option(
        '--band <kind>',
        'band over the seeds: 95 % interval of the mean (ci), standard deviation (sd), or range',
      )
        .choices(bands)
        .default('ci' as const),
    )
    .addOption(
      new Option(
        '--x <axis>',
        'x axis; seconds: the time at which a step was reached, as the mean over the seeds',
      )
        .choices(xAxes)
        .default('step' as const),
    )
    .option(
      '--smooth <steps>',
      'make each point of a column of steps.csv the mean over this number of steps (default: no smoothing)',
      parsePositive,
    )
    .option('--facet', 'plot each arm in its own row; plots loss and accuracy unless --columns is set')
    .option('--title <text>', 'title of the figure');
}

function parseFormats(text: string): Format[] {
  return [...new Set(text.split(','))].map((name) => {
    const format = [...figureFormats, 'text' as const].find((known) => known === name);
    if (format) return format;
    throw new InvalidArgumentError(
      `Expected one or more of ${[...figureFormats, 'text'].join(', ')}, got ${name}.`,
    );
  });
}

async function plot(names: readonly string[] | undefined, options: Options, io: Io): Promise<number> {
  const results = readLoggedRuns(options.runs, namedRuns(names, options.runs, io));
  for (const note of results.notes) printNote(note, io);
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
    ...(unfinished.length > 0 ? [`Includes ${plural(unfinished.length, 'unfinished run')}.`] : []),
    ...curveNotes(curves),
  ];
  for (const note of notes) printNote(note, io);

  const { formats, base } = targetOf(results, options);
  if (formats.includes('text')) io.out(figureText(curves, textSize(io), { color: armColor(io.outColor) }));
  const files = formats.filter((format) => format !== 'text');
  if (files.length === 0) return EXIT.done;
  const numbers = numbersFile(base);
  const figure = figureOf(curves, headingOf(results, options), Boolean(options.facet));
  makeDirectory(dirname(base));
  for (const format of files) {
    replaceFile(`${base}.${format}`, await renderFigure(figure, format));
    io.out(`${base}.${format}`);
  }
  replaceFile(numbers, curvesCsv(curves));
  io.out(numbers);
  return EXIT.done;
}

function chosenArms({ arms }: Results<RunRows>, chosen: readonly string[]): readonly Arm<RunRows>[] {
  const withRows = arms.filter(({ runs }) => runs.length > 0);
  const names = withRows.map(({ name }) => name);
  if (names.length === 0) return [];
  for (const name of chosen) {
    if (names.includes(name)) continue;
    throw new UserError('E_USAGE', `--arm: there is no arm ${name} with rows${nearest(name, names)}.`, {
      hint: `The arms are ${names.join(', ')}.`,
    });
  }
  return chosen.length === 0 ? withRows : withRows.filter(({ name }) => chosen.includes(name));
}

/** The formats to write, and the path of the figure without its ending. */
function targetOf(
  { directory }: Results<RunRows>,
  { out, format, runs }: Options,
): { formats: readonly Format[]; base: string } {
  if (out === undefined) return { formats: format ?? ['svg'], base: join(directory ?? runs, 'curves') };
  const ending = formatOf(out);
  const formats = format ?? (ending ? [ending] : []);
  const files = formats.filter((name) => name !== 'text');
  if (files.length === 0 || (ending !== undefined && !files.includes(ending))) {
    const expected = files.length > 0 ? files : figureFormats;
    throw new UserError(
      'E_USAGE',
      `--out ${out}: expected a file name that ends in ${expected.map((name) => `.${name}`).join(', ')}.`,
      {
        hint: 'The ending selects the format; `--format svg,png` writes several. Text is printed on standard output.',
      },
    );
  }
  return { formats, base: ending === undefined ? out : out.slice(0, -ending.length - 1) };
}

/** The size of a text figure: as wide as the terminal, up to 120 columns. */
function textSize(io: Io): { width: number; height: number } {
  return { width: Math.min(io.outWidth ?? 80, 120), height: 14 };
}

function headingOf({ plan, title }: Results<RunRows>, options: Options): Heading {
  return {
    title: options.title ?? title,
    ...(plan?.about && options.title === undefined ? { subtitle: plan.about } : {}),
  };
}

/**
 * The path of the CSV with the plotted numbers.
 *
 * @throws {UserError} E_USAGE if another CSV is there, such as one of a run
 */
function numbersFile(base: string): string {
  const path = `${base}.csv`;
  if (!existsSync(path) || readFileSync(path, 'utf8').startsWith(CURVES_HEADER)) return path;
  throw new UserError('E_USAGE', `${path} exists and was not written by \`wnlstm plot\`.`, {
    hint: 'Choose another name with `--out`.',
  });
}

function figureOf(curves: Curves, heading: Heading, facet: boolean): Figure {
  return {
    title: heading.title,
    spec: figureSpec(curves, heading, { facet }),
    interactive: figureSpec(curves, heading, { facet, interactive: true }),
    narrow: figureSpec(curves, heading, { facet, interactive: true, narrow: true }),
    usage: curvesUsage,
  };
}
