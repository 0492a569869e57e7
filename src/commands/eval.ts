/** @file `wnlstm eval`: evaluates the weights of a run on a split: scores, confusion matrix and mistakes. */

import { resolve } from 'node:path';
import { type Command, Option } from '@commander-js/extra-typings';
import { EXIT, UserError } from '../errors.js';
import { predictionsCsv } from '../evaluate/csv.js';
import { type Evaluation, evaluateModel, readEvaluationData, SPLITS } from '../evaluate/evaluate.js';
import { evaluationJson } from '../evaluate/json.js';
import { openModel } from '../evaluate/model.js';
import type { Prediction } from '../evaluate/predictions.js';
import { mostConfidentMistakes } from '../evaluate/scores.js';
import { checkTarget, type OutputFile, writeFiles } from '../export/write-files.js';
import { evaluationSpec } from '../figures/evaluation.js';
import { type Figure, figureFormats, renderFigure, requireFormat } from '../figures/figure-files.js';
import { expandHome } from '../package.js';
import { findRun } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';
import { createCountDisplay } from '../terminal/count-display.js';
import { describeData, describeWeights, evaluationText } from '../terminal/evaluation-text.js';
import { number, percent, percentNumber } from '../terminal/format.js';
import type { Configure, Io } from '../terminal/io.js';
import { printNote } from '../terminal/messages.js';
import { addRunsOption, type OptionsOf, parseCount, parsePath } from '../terminal/options.js';
import { addCheckpointOption, noteWeights } from '../terminal/weights-option.js';

type Options = OptionsOf<typeof addOptions>;

/** The number of mistakes shown in the terminal and in a figure, if the user gives none. */
const MISTAKES = { text: 6, figure: 12 };

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
    .option(
      '--mistakes <n>',
      `number of mistakes to show, the most confident first (default: ${MISTAKES.text}; in a figure: ${MISTAKES.figure})`,
      parseCount,
    )
    .option('--csv <file>', 'also write a CSV file with the prediction of each example', parsePath)
    .option(
      '--figure <file>',
      `also draw the confusion matrix and the mistakes; its ending selects the format: ${figureFormats.join(', ')}`,
      parsePath,
    )
    .option('--force', 'overwrite files that exist')
    .option('--json', 'print the scores as one line of JSON');
}

async function evaluate(name: string | undefined, options: Options, io: Io): Promise<number> {
  const { csv, figure, mistakes: most } = options;
  const format = figure === undefined ? null : requireFormat('--figure', figure);
  checkTargets(options);
  const run = findRun(options.runs, name);
  const evaluation = await evaluateRun(run, options, io);
  const mistakesFor = (count: number) => mostConfidentMistakes(evaluation.predictions, most ?? count);
  const files: OutputFile[] = [];
  if (csv !== undefined)
    files.push({ path: csv, parts: [predictionsCsv(evaluation.predictions)], option: '--csv' });
  if (figure !== undefined && format) {
    const drawn = await renderFigure(figureOf(evaluation, mistakesFor(MISTAKES.figure)), format);
    files.push({ path: figure, parts: [drawn], option: '--figure' });
  }
  await writeFiles(files, Boolean(options.force));
  for (const { path } of files) io.err(`Wrote ${path}`);
  const mistakes = mistakesFor(MISTAKES.text);
  io.out(
    options.json
      ? JSON.stringify(evaluationJson(evaluation, mistakes))
      : evaluationText(evaluation, mistakes, io),
  );
  return EXIT.done;
}

/** Evaluates a run, with a progress bar, and notes on what the result depends on. */
async function evaluateRun(
  run: FoundRun,
  { checkpoint, split, data: folder }: Options,
  io: Io,
): Promise<Evaluation> {
  const model = await openModel(run, checkpoint);
  try {
    const data = readEvaluationData(run, model, split, folder);
    noteWeights(run, model.weights, checkpoint, io);
    if (data.changed !== null && folder === undefined)
      printNote(`The data have changed: ${data.changed} is not the file that the run was trained with.`, io);
    const display = createCountDisplay(io, data.split.count, 'images');
    const watch = { signal: io.signal, onProgress: display.update };
    const evaluation = await evaluateModel(run, model, data, watch).finally(display.close);
    if (evaluation.isRecorded === false) noteDifference(run.directory, model.isExact, io);
    return evaluation;
  } finally {
    model.classifier.dispose();
  }
}

/**
 * Refuses paths before the evaluation, which takes a while.
 *
 * @throws {UserError} E_USAGE if a file may not be written, or if both options name one file
 */
function checkTargets({ csv, figure, force }: Options): void {
  if (csv !== undefined) checkTarget(csv, Boolean(force), '--csv');
  if (figure !== undefined) checkTarget(figure, Boolean(force), '--figure');
  if (csv === undefined || figure === undefined || resolve(csv) !== resolve(figure)) return;
  throw new UserError('E_USAGE', `--csv and --figure: both are ${csv}; nothing was written.`, {
    hint: 'Choose another name for one of them.',
  });
}

function figureOf(evaluation: Evaluation, mistakes: readonly Prediction[]): Figure {
  const { run, weights, data, scores } = evaluation;
  const [low, high] = scores.interval.map(percentNumber);
  const title = `${run.record.run_id}: accuracy ${percent(scores.accuracy)} [${low}, ${high}]`;
  const subtitle = `${describeData(data)}; ${describeWeights(weights)}; loss ${number(scores.loss)}`;
  const spec = evaluationSpec(scores, mistakes, data.split, { title, subtitle });
  return { title, spec, interactive: spec, narrow: null, usage: '' };
}

function noteDifference(directory: string, isExact: boolean, io: Io): void {
  printNote(
    isExact
      ? `Loss and accuracy are not those that the run recorded. Check its files with \`wnlstm verify ${directory}\`.`
      : 'The run was computed with other arithmetic, so loss and accuracy may differ from the recorded ones in the last digits.',
    io,
  );
}
