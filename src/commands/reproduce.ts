/** @file `wnlstm reproduce`: trains a run again in a temporary folder and compares it with its record. */

import { type Command, Option } from '@commander-js/extra-typings';
import { BACKENDS, parseFlag, resolveConfig } from '../config.js';
import { EXIT } from '../errors.js';
import { expandHome } from '../package.js';
import { findRun } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';
import { type Configure, type Io, stopCode } from '../terminal/io.js';
import { printError } from '../terminal/messages.js';
import { addMovedDataOption, addRunsOption, type OptionsOf } from '../terminal/options.js';
import { createTrainingDisplay } from '../terminal/training-display.js';
import { type Change, type Repetition, repeatRun } from '../verify/repeat.js';
import type { Comparison } from '../verify/reproduce.js';

type Options = OptionsOf<typeof addOptions>;

export const configure: Configure = (command, io, run) => {
  addOptions(command).action(run((name, options) => reproduce(name, options, io)));
};

function addOptions(command: Command) {
  const withArgument = command.argument('<run>', 'folder, id, or start of the id of a run', expandHome);
  return addMovedDataOption(addRunsOption(withArgument))
    .addOption(new Option('--backend <name>', 'backend to use; default: that of the run').choices(BACKENDS))
    .option('--threads <n>', 'number of threads; the results do not depend on it')
    .option('--quiet', 'print no progress, only errors')
    .option('--json', 'print the comparison as one line of JSON');
}

async function reproduce(name: string, options: Options, io: Io): Promise<number> {
  const run = findRun(options.runs, name);
  const change = changeOf(options);
  const display = createTrainingDisplay(io, Boolean(options.quiet));
  let repetition: Repetition;
  try {
    repetition = await repeatRun(run, change, io, display.onEvent);
  } finally {
    display.close();
  }
  return report(run, repetition, Boolean(options.json), io);
}

/** The config keys that the options change. */
function changeOf(options: Options): Change {
  const keys = (['backend', 'threads', 'data'] as const).filter((key) => key in options);
  const { config } = resolveConfig(
    Object.fromEntries(keys.map((key) => [key, parseFlag(key, String(options[key]))])),
  );
  return Object.fromEntries(keys.map((key) => [key, config[key]]));
}

/** @returns the exit code */
function report(run: FoundRun, repetition: Repetition, json: boolean, io: Io): number {
  switch (repetition.kind) {
    case 'failed':
      printError(repetition.error, io);
      return EXIT.failed;
    case 'interrupted':
      io.err(`Stopped after step ${repetition.step}; nothing was compared.`);
      return stopCode(io);
    case 'compared': {
      const { comparison } = repetition;
      const same = comparison.differences.length === 0;
      const ids = { run_id: run.record.run_id, dir: run.directory, same };
      io.out(json ? JSON.stringify({ ...ids, ...toJson(comparison) }) : describe(run, comparison, io));
      return same ? EXIT.done : EXIT.refused;
    }
    default:
      return repetition satisfies never;
  }
}

/** A comparison with the keys of `--json`, which are those of summary.json. */
function toJson({ isExact, ...others }: Comparison) {
  return { ...others, promised: isExact };
}

function describe(run: FoundRun, comparison: Comparison, io: Io): string {
  const { bold, green, red, dim } = io.outColor;
  const { compared, differences, weights, isExact, environment } = comparison;
  const name = bold(run.record.run_id);
  const lines =
    differences.length === 0
      ? [
          `${green('same')} ${name}`,
          ...Object.entries(compared).map(([file, what]) => `  ${file}: ${what}`),
          `  weights: ${weights.repeated ?? 'not compared, because the run diverged'}`,
        ]
      : [
          `${red('different')} ${name}`,
          ...differences.map(
            ({ file, step, name, recorded, repeated }) =>
              `  ${file}${step === null ? '' : `, step ${step}`}, ${name}: recorded ${recorded ?? 'no row'}, now ${repeated ?? 'no row'}`,
          ),
        ];
  if (differences.length > 0 && !isExact) {
    lines.push(
      `The ${run.record.backend} backend does not guarantee identical results, so a difference does not mean that the record is wrong.`,
    );
  }
  if (environment.length > 0) {
    lines.push(
      'The environments differ:',
      ...environment.map(([what, was, is]) => dim(`  ${what}: recorded ${was}, now ${is}`)),
    );
  }
  return lines.join('\n');
}
