/** @file `wnlstm bench`: measures how fast this machine trains, and compares that with its peak. */

import { cpus } from 'node:os';
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import {
  checkAgreement,
  measurePeak,
  profileStep,
  type Result,
  timeCase,
  timeEvaluation,
} from '../bench/bench.js';
import { ARTICLE, type Case, combine, deviceOf, SCALING_SHAPES } from '../bench/cases.js';
import { BACKENDS, type Backend, DEVICES } from '../config.js';
import { usableCores } from '../cores.js';
import { EXACT_BACKENDS } from '../engines/arithmetic.js';
import { chooseBackend } from '../engines/select.js';
import { EXIT, UserError } from '../errors.js';
import { wholePercent } from '../terminal/format.js';
import type { Configure, Io } from '../terminal/io.js';
import { type OptionsOf, parsePositive } from '../terminal/options.js';
import { plural } from '../text/plural.js';
import { alignColumns } from '../text/table.js';

const MODELS = ['base', 'wn'] as const;

/** Short enough for a terminal of 80 columns; the line below the table explains them. */
const HEADER = [
  'on',
  'model',
  'thr',
  'units',
  'batch',
  'T',
  'ms/step',
  'spread',
  'GFLOP/s',
  'peak',
  'images/s',
];

type Options = OptionsOf<typeof addOptions>;

export const configure: Configure = (command, io, run) => {
  addOptions(command).action(run((options) => bench(options, io)));
};

function addOptions(command: Command) {
  return command
    .option(
      '--backends <list>',
      `backends, separated by commas: ${BACKENDS.join(', ')} (default: native, wasm and cuda, if they work)`,
      parseWords(BACKENDS),
    )
    .addOption(
      new Option('--device <device>', 'device of the tensorflow backend').choices(DEVICES).default('cpu'),
    )
    .addOption(
      new Option('--models <list>', 'models, separated by commas: base, wn')
        .argParser(parseWords(MODELS))
        .default([...MODELS], 'base,wn'),
    )
    .option('--threads <list>', 'numbers of threads (default: 1 and one per core)', parseNumbers)
    .addOption(
      new Option('--units <list>', 'numbers of LSTM units')
        .argParser(parseNumbers)
        .default([ARTICLE.units], String(ARTICLE.units)),
    )
    .addOption(
      new Option('--batch <list>', 'batch sizes')
        .argParser(parseNumbers)
        .default([ARTICLE.batch], String(ARTICLE.batch)),
    )
    .option('--repeats <n>', 'measurements per case', parsePositive, 7)
    .option('--scaling', 'vary units, batch size and time steps instead')
    .option('--profile', 'also measure each part of a step')
    .option('--json', 'print one line of JSON');
}

/** Parses words separated by commas. */
function parseWords<Word extends string>(allowed: readonly Word[]) {
  return (text: string): Word[] =>
    text.split(',').map((word) => {
      const found = allowed.find((each) => each === word);
      if (found === undefined)
        throw new InvalidArgumentError(`Expected one or more of ${allowed.join(', ')}, got ${word}.`);
      return found;
    });
}

/** Parses numbers separated by commas. */
function parseNumbers(text: string): number[] {
  return text.split(',').map(parsePositive);
}

async function bench(options: Options, io: Io): Promise<number> {
  const device = options.device === 'cuda' ? 'cuda' : 'cpu';
  const chosen = options.backends ?? (device === 'cuda' ? (['cuda'] as const) : await workingBackends());
  // If none of the backends uses a GPU, the first one reports that it has no CUDA device.
  const usesGpu = chosen.some((backend) => deviceOf(backend, device) === 'cuda');
  for (const [index, backend] of chosen.entries()) {
    const isAsRequested = usesGpu || index > 0;
    await chooseBackend({ backend, device: isAsRequested ? deviceOf(backend, device) : device });
  }
  const cases = casesOf(options, device, chosen);
  const difference = await checkAgreement(cases);
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: usableCores(),
    node: process.versions.node,
  };
  io.err(`${machine.cpu}, ${plural(machine.cores, 'core')}, Node ${machine.node}`);
  io.err(`All losses agree with the wasm backend to ${difference.toExponential(1)}.`);

  const peakOf = peaks(io.signal);
  const results: Result[] = [];
  for (const item of cases) {
    io.err(`${describe(item)} …`);
    results.push(await timeCase(item, await peakOf(item), options.repeats, io.signal));
  }
  const evaluations = [];
  const profiles = [];
  for (const item of cases.filter(({ model }) => model === cases[0]?.model)) {
    if (options.profile) profiles.push({ ...item, parts: await profileStep(item, io.signal) });
    if (!options.scaling) evaluations.push({ ...item, ms: await timeEvaluation(item, io.signal) });
  }
  if (options.json) {
    io.out(JSON.stringify({ machine, difference, results, evaluations, profiles }));
    return EXIT.done;
  }
  io.out(alignColumns([HEADER, ...results.map(cells)]));
  io.out(io.outColor.dim('thr: threads; T: time steps; spread: (slowest - fastest) / median;'));
  io.out(io.outColor.dim('peak: fraction of the multiply-add speed that this many threads reach'));
  for (const { ms, ...item } of evaluations) {
    io.out(`evaluation of 10,000 images, ${describe(item)}: ${ms.toFixed(0)} ms`);
  }
  for (const { parts, ...item } of profiles) {
    const listed = parts.map(({ phase, ms }) => `${phase} ${ms.toFixed(2)}`).join(', ');
    io.out(`parts of a step in ms, measured separately, ${describe(item)}: ${listed}`);
  }
  return EXIT.done;
}

/** The backends with the kernel's arithmetic that work on this machine. */
async function workingBackends(): Promise<Backend[]> {
  const working: Backend[] = [];
  for (const backend of EXACT_BACKENDS) {
    try {
      await chooseBackend({ backend, device: 'auto' });
      working.push(backend);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return working;
}

function casesOf(options: Options, device: Case['device'], chosen: readonly Backend[]): Case[] {
  const threads = options.threads ?? [...new Set([1, usableCores()])];
  if (options.scaling) return combine([...chosen], device, ['wn'], [Math.max(...threads)], SCALING_SHAPES);
  const shapes = options.units.flatMap((units) =>
    options.batch.map((batch) => ({ ...ARTICLE, units, batch })),
  );
  return combine([...chosen], device, options.models, threads, shapes);
}

/** Measures the peak of each backend and number of threads once. */
function peaks(signal: AbortSignal): (item: Case) => Promise<number | null> {
  const known = new Map<string, number | null>();
  return async ({ backend, threads }) => {
    const key = `${backend} ${threads}`;
    if (!known.has(key)) known.set(key, await measurePeak(backend, threads, signal));
    return known.get(key) ?? null;
  };
}

function describe({ backend, model, threads, units, batch }: Case): string {
  return `${backend} ${model}, ${plural(threads, 'thread')}, ${plural(units, 'unit')}, batch ${batch}`;
}

function cells(result: Result): string[] {
  return [
    result.backend,
    result.model,
    String(result.threads),
    String(result.units),
    String(result.batch),
    String(result.timeSteps),
    result.ms.median.toFixed(2),
    wholePercent((result.ms.max - result.ms.min) / result.ms.median),
    result.gflops.toFixed(0),
    wholePercent(result.fractionOfPeak),
    Math.round(result.examplesPerSecond).toLocaleString('en'),
  ];
}
