/** @file `wnlstm bench`: how fast this machine trains, and how close that is to what it could do. */

import { cpus } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  checkAgreement,
  measurePeak,
  profileStep,
  type Result,
  timeCase,
  timeEvaluation,
} from '../bench/bench.js';
import { ARTICLE, type Case, combine, SCALING_SHAPES } from '../bench/cases.js';
import { BACKENDS, type Backend } from '../config.js';
import { usableCores } from '../cores.js';
import { FUSED_BACKENDS } from '../engines/arithmetic.js';
import { chooseBackend } from '../engines/select.js';
import { UserError } from '../errors.js';
import type { Configure, Io } from '../terminal/io.js';
import { plural } from '../text/plural.js';
import { alignColumns } from '../text/table.js';

interface Options {
  readonly backends?: Backend[];
  readonly device: Case['device'];
  readonly models: Case['model'][];
  readonly threads: number[];
  readonly units: number[];
  readonly batch: number[];
  readonly repeats: number;
  readonly scaling?: boolean;
  readonly profile?: boolean;
  readonly json?: boolean;
}

/** Eighty columns have room for these: thr threads, T time steps, spread the largest less the smallest time. */
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

export const configureBench: Configure = (command, io) => {
  addOptions(command).action((options: Options) => run(options, io));
};

function addOptions(command: Command): Command {
  return command
    .option('--backends <list>', `of ${BACKENDS.join(', ')} (default: native and wasm)`, words(BACKENDS))
    .addOption(
      new Option('--device <device>', 'of the tensorflow backend').choices(['cpu', 'cuda']).default('cpu'),
    )
    .addOption(
      new Option('--models <list>', 'of base, wn')
        .argParser(words(['base', 'wn'] as const))
        .default(['base', 'wn'], 'base,wn'),
    )
    .option('--threads <list>', 'numbers of threads (default: 1 and one for each core)', numbers)
    .addOption(
      new Option('--units <list>', 'LSTM units')
        .argParser(numbers)
        .default([ARTICLE.units], String(ARTICLE.units)),
    )
    .addOption(
      new Option('--batch <list>', 'examples a step')
        .argParser(numbers)
        .default([ARTICLE.batch], String(ARTICLE.batch)),
    )
    .option('--repeats <n>', 'how often each is timed', positive, 7)
    .option('--scaling', 'a table over units, batch and time steps instead')
    .option('--profile', 'split a step into its parts as well')
    .option('--json', 'print one line of JSON');
}

/** Parses `a,b` where each must be one of a few words. */
function words<Word extends string>(allowed: readonly Word[]) {
  return (text: string): Word[] =>
    text.split(',').map((word) => {
      const found = allowed.find((each) => each === word);
      if (found === undefined)
        throw new InvalidArgumentError(`Expected some of ${allowed.join(',')}, got ${word}.`);
      return found;
    });
}

/** Parses `1,2,4`. */
function numbers(text: string): number[] {
  return text.split(',').map(positive);
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError(`Expected a whole number above 0, got ${text}.`);
  return value;
}

async function run(options: Options, io: Io): Promise<void> {
  const { device } = options;
  const backends = options.backends ?? (device === 'cuda' ? ['tensorflow'] : await workingBackends());
  // Without tensorflow among them, a GPU is for none, and the first says so.
  const onGpu = backends.includes('tensorflow') ? 'tensorflow' : backends[0];
  for (const backend of backends) {
    await chooseBackend({ backend, device: backend === onGpu ? device : 'cpu' });
  }
  const cases = casesOf(options, backends);
  const difference = await checkAgreement(cases);
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: usableCores(),
    node: process.versions.node,
  };
  io.err(
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; losses are those of wasm to ${difference.toExponential(1)}.`,
  );

  const peakOf = peaks(io.signal);
  const results: Result[] = [];
  for (const item of cases) {
    io.err(`${describe(item)} …`);
    results.push(await timeCase(item, await peakOf(item), options.repeats, io.signal));
  }
  const evaluations = [];
  const profiles = [];
  for (const item of cases.filter(({ model }) => model === cases[0].model)) {
    if (options.profile) profiles.push({ ...item, parts: await profileStep(item, io.signal) });
    if (!options.scaling) evaluations.push({ ...item, ms: await timeEvaluation(item, io.signal) });
  }
  if (options.json) {
    io.out(JSON.stringify({ machine, difference, results, evaluations, profiles }));
    return;
  }
  io.out(alignColumns([HEADER, ...results.map(cells)]));
  io.out(
    io.outColor.dim(
      'thr: threads; T: time steps; peak: share of what plain multiply-adds reach on as many threads',
    ),
  );
  for (const { ms, ...item } of evaluations) {
    io.out(`evaluation of 10,000 images, ${describe(item)}: ${ms.toFixed(0)} ms`);
  }
  for (const { parts, ...item } of profiles) {
    const listed = parts.map(({ phase, ms }) => `${phase} ${ms.toFixed(2)}`).join(', ');
    io.out(`parts of a step in ms, timed on their own, ${describe(item)}: ${listed}`);
  }
}

/** The backends that work here and are worth timing. */
async function workingBackends(): Promise<Backend[]> {
  const working: Backend[] = [];
  for (const backend of FUSED_BACKENDS) {
    try {
      await chooseBackend({ backend, device: 'cpu' });
      working.push(backend);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return working;
}

function casesOf(options: Options, backends: Backend[]): Case[] {
  const threads = options.threads ?? defaultThreads();
  if (options.scaling)
    return combine(backends, options.device, ['wn'], [Math.max(...threads)], SCALING_SHAPES);
  const shapes = options.units.flatMap((units) =>
    options.batch.map((batch) => ({ ...ARTICLE, units, batch })),
  );
  return combine(backends, options.device, options.models, threads, shapes);
}

function defaultThreads(): number[] {
  return [...new Set([1, usableCores()])];
}

/** Remembers the peak of a backend and number of threads. */
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
    whole((result.ms.max - result.ms.min) / result.ms.median),
    result.gflops.toFixed(0),
    result.fractionOfPeak === null ? '-' : whole(result.fractionOfPeak),
    Math.round(result.examplesPerSecond).toLocaleString('en'),
  ];
}

function whole(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
