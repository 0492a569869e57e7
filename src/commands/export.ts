/** @file `wnlstm export`: writes runs in the formats of other programs. */

import { setImmediate } from 'node:timers/promises';
import { type Command, Option } from '@commander-js/extra-typings';
import { EXIT, UserError } from '../errors.js';
import { tableCsv } from '../export/csv.js';
import { exportFormats, filesOf, needsWeights, type RunFormat, targetOf } from '../export/formats.js';
import { type ExportedRun, type Selection, selectRuns } from '../export/select-runs.js';
import { writeFiles } from '../export/write-files.js';
import type { Configure, Io } from '../terminal/io.js';
import { printNote } from '../terminal/messages.js';
import { type OptionsOf, parsePath } from '../terminal/options.js';
import { addRunsArgument, namedRuns } from '../terminal/runs-argument.js';
import { plural } from '../text/plural.js';

type Options = OptionsOf<typeof addOptions>;

/** Stands for standard output. */
const STDOUT = '-';

export const configure: Configure = (command, io, run) => {
  addOptions(command).action(run((names, options) => exportRuns(names, options, io)));
};

function addOptions(command: Command) {
  return addRunsArgument(command)
    .addOption(
      new Option(
        '--format <name>',
        'event files, one table of all runs (csv), weights for NumPy (npz), or models (tfjs, onnx)',
      )
        .choices(exportFormats)
        .makeOptionMandatory(),
    )
    .requiredOption(
      '--out <path>',
      'file to write, or folder for several runs, for tensorboard and for tfjs; csv: - is standard output',
      parsePath,
    )
    .option('--force', 'replace existing files');
}

async function exportRuns(names: readonly string[] | undefined, options: Options, io: Io): Promise<number> {
  const { format, out, force } = options;
  if (out === STDOUT && format !== 'csv') {
    throw new UserError('E_USAGE', `--out -: expected a path for the format ${format}.`, {
      hint: 'Only csv is printed on standard output.',
    });
  }
  const selection = selectRuns(options.runs, namedRuns(names, options.runs, io), needsWeights(format));
  for (const note of notesOn(selection)) printNote(note, io);
  if (format === 'csv' && out === STDOUT) {
    io.out(tableCsv(selection.runs).trimEnd());
    return EXIT.done;
  }
  if (format === 'csv') {
    await writeFiles([{ path: out, parts: [tableCsv(selection.runs)] }], Boolean(force));
    io.out(out);
    return EXIT.done;
  }
  const targets = targetsOf(selection, out, format);
  await writeFiles(filesOfAll(targets, format, io), Boolean(force));
  for (const { target } of targets) io.out(target);
  return EXIT.done;
}

function notesOn({ runs, notes }: Selection): string[] {
  const unfinished = runs.filter(({ run: { status } }) => status !== 'completed' && status !== 'diverged');
  return [
    ...notes,
    ...(unfinished.length > 0 ? [`Includes ${plural(unfinished.length, 'unfinished run')}.`] : []),
  ];
}

/** A run and the path that it is written to. */
interface Target {
  readonly exported: ExportedRun;
  readonly target: string;
}

function targetsOf({ runs, isSingle }: Selection, out: string, format: RunFormat): Target[] {
  const isFolderOfRuns = !isSingle || format === 'tensorboard'; // its log folder may hold runs of several exports
  return runs.map((exported) => ({
    exported,
    target: isFolderOfRuns ? targetOf(out, exported, format) : out,
  }));
}

async function* filesOfAll(targets: readonly Target[], format: RunFormat, { signal }: Io) {
  for (const { exported, target } of targets) {
    await setImmediate(); // signals arrive here
    signal.throwIfAborted();
    yield* filesOf(exported, target, format);
  }
}
