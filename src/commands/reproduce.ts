/** @file `wnlstm reproduce`: trains a run again, in a temporary folder, and compares it with its record. */

import { Option } from 'commander';
import { BACKENDS, parseFlag, resolveConfig } from '../config.js';
import { EXIT } from '../errors.js';
import { expandHome } from '../package.js';
import { findRun } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';
import { type Configure, type Io, stopCode } from '../terminal/io.js';
import { addMovedDataOption, addRunsOption } from '../terminal/options.js';
import { createTrainingDisplay } from '../terminal/training-display.js';
import { type Change, type Repetition, repeatRun } from '../verify/repeat.js';
import type { Comparison } from '../verify/reproduce.js';

type Options = Readonly<Record<string, unknown>>;

export const configureReproduce: Configure = (command, io) => {
  command.argument('<run>', 'folder or id of a run, or the start of its id', expandHome);
  addMovedDataOption(addRunsOption(command))
    .addOption(new Option('--backend <name>', 'what computes it now').choices(BACKENDS))
    .option('--threads <n>', 'threads; the results do not depend on it')
    .option('--quiet', 'no progress, errors only')
    .option('--json', 'print the comparison as one line of JSON')
    .action(async (name: string, options: Options) => {
      const run = findRun(String(options.runs), name);
      const change = changeOf(options);
      const display = createTrainingDisplay(io, Boolean(options.quiet));
      let repetition: Repetition;
      try {
        repetition = await repeatRun(run, change, io, display.onEvent);
      } finally {
        display.close();
      }
      report(run, repetition, options, io);
    });
};

/** The flags that change how a run is trained again. */
function changeOf(options: Options): Change {
  const keys = (['backend', 'threads', 'data'] as const).filter((key) => key in options);
  const { config } = resolveConfig(
    Object.fromEntries(keys.map((key) => [key, parseFlag(key, String(options[key]))])),
  );
  return Object.fromEntries(keys.map((key) => [key, config[key]]));
}

function report(run: FoundRun, repetition: Repetition, options: Options, io: Io): void {
  switch (repetition.kind) {
    case 'failed':
      io.exit(EXIT.failed);
      throw repetition.error;
    case 'interrupted':
      io.exit(stopCode(io));
      io.err(`Stopped after step ${repetition.step}; nothing was compared.`);
      return;
    case 'compared': {
      const { comparison } = repetition;
      const same = comparison.differences.length === 0;
      if (!same) io.exit(EXIT.refused);
      if (options.json)
        io.out(
          JSON.stringify({ run_id: run.record.run_id, dir: run.directory, same, ...toJson(comparison) }),
        );
      else io.out(describe(run, comparison, io));
      return;
    }
    default:
      repetition satisfies never;
  }
}

/** As `--json` prints it: keys as in summary.json. */
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
          `  weights: ${weights.repeated ?? 'not compared, since the run diverged'}`,
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
      `The ${run.record.backend} backend does not promise the same bytes: a difference does not show that the record is wrong.`,
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
