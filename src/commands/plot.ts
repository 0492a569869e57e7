/** @file `wnlstm plot`: learning curves from the CSVs, as files or right in the terminal. */
import { join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { closest } from 'fastest-levenshtein';
import { UserError } from '../errors.js';
import { makeDirectory, replaceFile } from '../files.js';
import type { Arm, RunRows } from '../report/arm.js';
import {
  type Band,
  bands,
  type Column,
  type Curves,
  curveNotes,
  curvesCsv,
  curvesOf,
  defaultColumns,
  parseColumn,
} from '../report/curves.js';
import { figureSpec, type Heading } from '../report/figure.js';
import { figureHtml, figureJson, figurePng, figureSvg } from '../report/figure-files.js';
import { figureText } from '../report/figure-text.js';
import { type Results, readProgress } from '../sweep/results.js';
import type { Configure, Io } from './io.js';
import { addRunsOption } from './options.js';

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
  readonly facet?: boolean;
  readonly title?: string;
}

const isFormat = (text: string): text is Format =>
  text === 'text' || FILE_FORMATS.some((known) => known === text);

const parseFormats = (text: string): Format[] =>
  text.split(',').map((name) => {
    if (isFormat(name)) return name;
    throw new InvalidArgumentError(`Expected ${[...FILE_FORMATS, 'text'].join(', ')}, got ${name}.`);
  });

export const configurePlot: Configure = (command, io) => {
  command.argument('<runs...>', 'a sweep (its folder or name), or runs, or folders of runs');
  addRunsOption(command)
    .option(
      '--format <names>',
      'svg, png, vl.json, html, text; several with commas (default: svg)',
      parseFormats,
    )
    .option(
      '--out <file>',
      'where to; its ending names the format (default: curves in the folder of the sweep or run)',
    )
    .option('--columns <names>', 'columns of the CSVs, with commas', (text) =>
      text.split(',').map(parseColumn),
    )
    .option(
      '--arm <name>',
      'this arm only; may be repeated',
      (name: string, before: string[]) => [...before, name],
      [],
    )
    .addOption(
      new Option('--band <kind>', 'over the seeds: 95 % interval of the mean, standard deviation, or range')
        .choices(bands)
        .default('ci'),
    )
    .option(
      '--facet',
      'a row for each arm, on the same scales; of loss and accuracy unless --columns says more',
    )
    .option('--title <text>', 'above the figure')
    .action((names: string[], options: PlotOptions) => plot(names, options, io));
};

/** Formats, and the path of the figure without its ending. */
const targetOf = (
  results: Results<RunRows>,
  options: PlotOptions,
): { formats: readonly Format[]; base: string } => {
  const { out, format } = options;
  if (out === undefined)
    return { formats: format ?? ['svg'], base: join(folderOf(results, options), 'curves') };
  const ending = FILE_FORMATS.find((known) => out.endsWith(`.${known}`));
  if (ending === undefined && format === undefined) {
    throw new UserError('E_USAGE', `--out ${out}: expected an ending of ${FILE_FORMATS.join(', ')}.`, {
      hint: 'Or say the format: `--format svg`.',
    });
  }
  const base = ending === undefined ? out : out.slice(0, -ending.length - 1);
  return { formats: format ?? (ending ? [ending] : []), base };
};

/** The folder that the figure belongs to: the sweep's, or the run's if there is one only. */
const folderOf = ({ found, plan }: Results<RunRows>, { runs }: PlotOptions): string => {
  if (plan) return join(found[0].directory, '..');
  return found.length === 1 ? found[0].directory : runs;
};

const chosenArms = ({ arms }: Results<RunRows>, wanted: readonly string[]): readonly Arm<RunRows>[] => {
  const names = arms.map(({ name }) => name);
  for (const name of wanted) {
    if (names.includes(name)) continue;
    throw new UserError(
      'E_USAGE',
      `--arm: there is no arm ${name} with rows (nearest: ${closest(name, names)}).`,
      {
        hint: `There are ${names.join(', ')}.`,
      },
    );
  }
  return wanted.length === 0 ? arms : arms.filter(({ name }) => wanted.includes(name));
};

const plot = async (names: readonly string[], options: PlotOptions, io: Io): Promise<void> => {
  const results = readProgress(options.runs, names);
  const arms = chosenArms(results, options.arm);
  const columns = [...new Set(options.columns ?? (options.facet ? FACET_COLUMNS : defaultColumns(arms)))];
  const curves = curvesOf(arms, columns, options.band);
  const unfinished = results.found.filter(({ status }) => status !== 'completed' && status !== 'diverged');
  const notes = [
    ...results.notes,
    ...(unfinished.length > 0 ? [`${unfinished.length} of these runs are not finished.`] : []),
    ...curveNotes(curves),
  ];
  for (const note of notes) io.err(`${io.errColor.yellow('note')} ${note}`);

  const { formats, base } = targetOf(results, options);
  if (formats.includes('text')) io.out(figureText(curves, textSize(io), { color: armColor(io) }));
  const files = formats.filter((format) => format !== 'text');
  if (files.length === 0) return;
  const heading = headingOf(results, options);
  makeDirectory(join(base, '..'));
  for (const format of files) {
    replaceFile(`${base}.${format}`, await render(format, curves, heading, Boolean(options.facet)));
    io.out(`${base}.${format}`);
  }
  replaceFile(`${base}.csv`, curvesCsv(curves));
  io.out(`${base}.csv`);
};

const headingOf = ({ plan, title }: Results<RunRows>, options: PlotOptions): Heading => ({
  title: options.title ?? title,
  ...(plan?.about && options.title === undefined ? { subtitle: plan.about } : {}),
});

const render = async (
  format: FileFormat,
  curves: Curves,
  heading: Heading,
  facet: boolean,
): Promise<string | Uint8Array> => {
  const spec = figureSpec(curves, heading, { facet, interactive: format === 'html' });
  switch (format) {
    case 'svg':
      return figureSvg(spec);
    case 'png':
      return figurePng(await figureSvg(spec));
    case 'vl.json':
      return figureJson(spec);
    case 'html':
      return figureHtml(spec, heading.title);
    default:
      return format satisfies never;
  }
};

/** As wide as the terminal, but no wider than curves can be read. */
const textSize = (io: Io): { width: number; height: number } => ({
  width: Math.min(io.outWidth, 120),
  height: 14,
});

const armColor =
  ({ outColor }: Io) =>
  (arm: number, text: string): string => {
    const { cyan, yellow, magenta, green, blue, red } = outColor;
    return [cyan, yellow, magenta, green, blue, red][arm % 6](text);
  };
