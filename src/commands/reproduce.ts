/** @file `wnlstm reproduce`: trains a run again, in a temporary folder, and compares it with its record. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Option } from 'commander';
import { parseFlag, resolveConfig } from '../config.js';
import { readDataset } from '../data/mnist.js';
import { chooseBackend, continuable } from '../engines/select.js';
import { EXIT, UserError } from '../errors.js';
import { type FoundRun, findRun } from '../runs/run.js';
import { type Comparison, compareRuns } from '../train/reproduce.js';
import { type Outcome, runSession } from '../train/session.js';
import { quoted } from './format.js';
import type { Configure, Io } from './io.js';
import { addRunsOption } from './options.js';
import { createProgress } from './progress.js';

type Options = Readonly<Record<string, unknown>>;

/** The config of a run as it is trained again here. @throws {UserError} if that could not give the same */
const configFor = async ({ directory, record, config, status }: FoundRun, options: Options) => {
  if (status !== 'completed' && status !== 'diverged') {
    throw new UserError('E_RUN', `Expected a run that has a result, ${record.run_id} is ${status}.`, {
      hint: `Finish it first: \`wnlstm resume ${quoted(directory)}\`.`,
    });
  }
  const flags = Object.fromEntries(
    (['backend', 'threads'] as const).flatMap((key) =>
      key in options ? [[key, parseFlag(key, String(options[key]))]] : [],
    ),
  );
  const asked = resolveConfig(flags, config).config;
  const wanted = 'backend' in options ? asked : await continuable(asked);
  const { arithmetic, backend } = await chooseBackend(wanted);
  if (arithmetic !== record.arithmetic) {
    throw new UserError(
      'E_RUN',
      `${record.run_id} was computed with the arithmetic ${record.arithmetic}; the ${backend} backend computes with ${arithmetic} here, which gives other bits.`,
      { hint: 'Train it with this arithmetic: `wnlstm train --config` with its config.json.' },
    );
  }
  const { checksums } = readDataset(config.data);
  const other = Object.entries(record.data.checksums).find(([name, sum]) => checksums[name] !== sum);
  if (other) {
    throw new UserError(
      'E_DATA',
      `${config.data ?? 'The bundled MNIST'}: ${other[0]} is not the file that the run was trained on.`,
      {
        hint: 'Its SHA-256 is in run.json, under data.',
      },
    );
  }
  return wanted;
};

const describe = (run: FoundRun, comparison: Comparison, io: Io): string => {
  const { bold, green, red, dim } = io.outColor;
  const { compared, differences, weights, environment } = comparison;
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
              `  ${file}${step === null ? '' : `, step ${step}`}, ${name}: recorded ${recorded ?? 'nothing'}, now ${repeated ?? 'nothing'}`,
          ),
        ];
  if (environment.length > 0) {
    lines.push(
      'The environments differ:',
      ...environment.map(([what, was, is]) => dim(`  ${what}: recorded ${was}, now ${is}`)),
    );
  }
  return lines.join('\n');
};

const report = (run: FoundRun, outcome: Outcome, repeated: string, options: Options, io: Io): void => {
  switch (outcome.kind) {
    case 'failed':
      io.exit(EXIT.failed);
      throw outcome.error;
    case 'interrupted':
      io.exit(typeof io.signal.reason === 'number' ? io.signal.reason : EXIT.interrupted);
      io.err(`Stopped after step ${outcome.step}; nothing was compared.`);
      return;
    case 'completed':
    case 'diverged': {
      const comparison = compareRuns(run.directory, repeated);
      const same = comparison.differences.length === 0;
      if (!same) io.exit(EXIT.refused);
      if (options.json)
        io.out(JSON.stringify({ run_id: run.record.run_id, dir: run.directory, same, ...comparison }));
      else io.out(describe(run, comparison, io));
      return;
    }
    default:
      outcome satisfies never;
  }
};

export const configureReproduce: Configure = (command, io) => {
  command.argument('<run>', 'folder or id of a run, or the start of its id');
  addRunsOption(command)
    .addOption(
      new Option('--backend <name>', 'what computes it now').choices(['native', 'wasm', 'tensorflow', 'js']),
    )
    .option('--threads <n>', 'threads; the results do not depend on it')
    .option('--quiet', 'no progress, errors only')
    .option('--json', 'print the comparison as one line of JSON')
    .action(async (name: string, options: Options) => {
      const run = findRun(String(options.runs), name);
      const config = await configFor(run, options);
      const folder = mkdtempSync(join(tmpdir(), 'wnlstm-reproduce-'));
      const progress = createProgress(io, Boolean(options.quiet));
      try {
        const repeated = join(folder, run.record.run_id);
        const { argv, signal } = io;
        const outcome = await runSession(
          { config, runsDirectory: folder, directory: repeated, force: false, argv, signal },
          progress,
        );
        progress.close();
        report(run, outcome, repeated, options, io);
      } finally {
        progress.close();
        rmSync(folder, { recursive: true, force: true });
      }
    });
};
