/** @file `wnlstm eval`: evaluates the weights of a run on a split: scores, confusion matrix and mistakes. */

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Command, Option } from '@commander-js/extra-typings';
import { EXIT, UserError } from '../errors.js';
import { predictionsCsv } from '../evaluate/csv.js';
import { evaluateModel, readEvaluationData, SPLITS } from '../evaluate/evaluate.js';
import { openModel } from '../evaluate/model.js';
import { mostConfidentMistakes } from '../evaluate/scores.js';
import { makeDirectory, replaceFile } from '../files.js';
import { expandHome } from '../package.js';
import { findRun } from '../runs/find.js';
import { createCountDisplay } from '../terminal/count-display.js';
import { type Described, evaluationText } from '../terminal/evaluation-text.js';
import type { Configure, Io } from '../terminal/io.js';
import { printNote } from '../terminal/messages.js';
import { addRunsOption, type OptionsOf, parseCount, parsePath } from '../terminal/options.js';
import { addCheckpointOption, noteWeights } from '../terminal/weights-option.js';

type Options = OptionsOf<typeof addOptions>;

/** The number of mistakes shown, if the user gives none. */
const MISTAKES = 6;

export const configure: Configure = (command, io, run) => {
  addOptions(command).action(run((name, options) => evaluate(name, options, io)));
};

function addOptions(command: Command) {
  const withArgument = command.argument(
    '[run]',
    'folder, id, or start of the id of a run; default: the newest run',
    expandHome,
  );
  return addCheckpointOption(addRunsOption(withArgument))
    .addOption(
      new Option('--split <name>', 'examples to evaluate on').choices(SPLITS).default('test' as const),
    )
    .option(
      '--data <dir>',
      'evaluate on other data, with images of the same size and the same classes',
      parsePath,
    )
    .option('--mistakes <n>', 'number of mistakes to show, the most confident first', parseCount, MISTAKES)
    .option('--csv <file>', 'also write a CSV file with the prediction of each example', parsePath)
    .option('--force', 'overwrite files that exist')
    .option('--json', 'print the scores as one line of JSON');
}

async function evaluate(name: string | undefined, options: Options, io: Io): Promise<number> {
  const { csv, data: folder, split, mistakes: most } = options;
  if (csv !== undefined) refuseExisting(csv, options);
  const run = findRun(options.runs, name);
  const model = await openModel(run, options.checkpoint);
  const { weights, classifier } = model;
  try {
    const data = readEvaluationData(run, model, split, folder);
    noteWeights(run, weights, options.checkpoint, io);
    if (data.changed !== null && folder === undefined)
      printNote(`The data have changed: ${data.changed} is not the file that the run was trained with.`, io);
    const display = createCountDisplay(io, data.split.count, 'images');
    const watch = { signal: io.signal, onProgress: display.update };
    const evaluated = await evaluateModel(run, model, data, watch).finally(display.close);
    if (evaluated.isRecorded === false) noteDifference(run.directory, model.isExact, io);
    const mistakes = mostConfidentMistakes(evaluated.predictions, most);
    const described = { run, weights, device: classifier.device, data, folder, evaluated, mistakes };
    if (csv !== undefined) write(csv, predictionsCsv(evaluated.predictions), io);
    io.out(options.json ? JSON.stringify(toJson(described)) : evaluationText(described, io));
    return EXIT.done;
  } finally {
    classifier.dispose();
  }
}

/** @throws {UserError} E_USAGE if a file exists and may not be overwritten */
function refuseExisting(path: string, { force }: Pick<Options, 'force'>): void {
  if (force || !existsSync(path)) return;
  throw new UserError('E_USAGE', `${path} exists; nothing was written.`, {
    hint: 'Choose another name, or overwrite it with `--force`.',
  });
}

function write(path: string, content: string | Uint8Array, io: Io): void {
  makeDirectory(dirname(path));
  replaceFile(path, content);
  io.err(`Wrote ${path}`);
}

function noteDifference(directory: string, isExact: boolean, io: Io): void {
  printNote(
    isExact
      ? `Loss and accuracy are not those that the run recorded. Check its files with \`wnlstm verify ${directory}\`.`
      : 'The run was computed with other arithmetic, so loss and accuracy may differ from the recorded ones in the last digits.',
    io,
  );
}

/** An evaluation with the keys of `--json`, which are those of summary.json where both have them. */
function toJson({ run, weights, device, data, folder, evaluated, mistakes }: Described) {
  const { scores, isRecorded } = evaluated;
  return {
    run_id: run.record.run_id,
    dir: run.directory,
    step: weights.step,
    final: weights.isFinal,
    best: weights.isBest,
    weights_sha256: weights.sha256,
    device,
    data: folder ?? run.config.data,
    same_data: data.changed === null,
    split: data.name,
    count: scores.count,
    correct: scores.correct,
    loss: scores.loss,
    accuracy: scores.accuracy,
    accuracy_interval: scores.interval,
    as_recorded: isRecorded,
    classes: scores.classes.map(({ label, ...others }) => ({ class: label, ...others })),
    confusion: scores.confusion,
    mistakes,
  };
}
