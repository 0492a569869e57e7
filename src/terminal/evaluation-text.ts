/** @file The evaluation of a model as text for a terminal. */

import type { Evaluation, EvaluationData } from '../evaluate/evaluate.js';
import type { Prediction } from '../evaluate/predictions.js';
import type { Scores } from '../evaluate/scores.js';
import type { Weights } from '../evaluate/weights.js';
import { plural } from '../text/plural.js';
import { singleLine } from '../text/printable.js';
import { table } from '../text/table.js';
import { wrap } from '../text/wrap.js';
import { confusionText } from './confusion-text.js';
import { describeModel, number, percent, percentNumber } from './format.js';
import type { Io } from './io.js';
import { mistakesText } from './mistakes-text.js';

/** Width of pictures in a row where standard output is not a terminal. */
const PIPED_WIDTH = 80;

/** Describes an evaluation: scores, confusion matrix, classes and mistakes. */
export function evaluationText(
  evaluation: Evaluation,
  mistakes: readonly Prediction[],
  { outColor, outWidth }: Pick<Io, 'outColor' | 'outWidth'>,
): string {
  const { run, weights, device, data, scores, isRecorded } = evaluation;
  const { bold, dim } = outColor;
  const width = outWidth ?? Number.POSITIVE_INFINITY;
  const wrong = scores.count - scores.correct;
  const lines = (text: string, paint: (line: string) => string): string[] =>
    wrap(text, width, '  ').map((line) => paint(line));
  return [
    ...lines(`${bold(run.record.run_id)} ${describeWeights(weights)}`, (line) => line),
    ...lines(`${describeModel(run.config)}; on ${device}`, dim),
    dim(describeData(data)), // a path is not broken into lines, so that it can be copied
    '',
    ...lines(
      `${bold(`accuracy ${percent(scores.accuracy)}`)} [${scores.interval.map(percentNumber).join(', ')}], ${plural(wrong, 'mistake')}`,
      (line) => line,
    ),
    `loss ${number(scores.loss)}${isRecorded ? ', as the run recorded' : ''}`,
    '',
    confusionText(scores.confusion, outColor, width),
    '',
    classTable(scores, width),
    ...(mistakes.length === 0
      ? []
      : [
          '',
          bold(mistakesHeading(mistakes.length, wrong)),
          '',
          mistakesText(mistakes, data.split, outColor, outWidth ?? PIPED_WIDTH),
        ]),
  ].join('\n');
}

function mistakesHeading(shown: number, wrong: number): string {
  if (wrong === 1) return 'the only mistake';
  return shown === wrong
    ? `all ${wrong} mistakes, the most confident first`
    : `the ${plural(shown, 'most confident of', 'most confident of')} ${wrong.toLocaleString('en')} mistakes`;
}

/** The data of an evaluation: `MNIST: 10,000 test images`. */
export function describeData({ directory, name, split }: EvaluationData): string {
  return `${singleLine(directory ?? 'MNIST')}: ${plural(split.count, `${name === 'train' ? 'training' : name} image`)}`;
}

/** Says which weights were used. */
export function describeWeights({ step, isFinal, isBest }: Weights): string {
  const best = isBest ? ', best by validation' : '';
  return `${isFinal ? `last weights, step ${step}` : `weights at step ${step}`}${best}`;
}

function classTable({ classes }: Scores, width: number): string {
  return table(
    [{ name: 'class', cells: ['count', 'predicted', 'precision %', 'recall %'] }],
    classes.map(({ label, count, predicted, precision, recall }) => ({
      name: String(label),
      cells: [
        count.toLocaleString('en'),
        predicted.toLocaleString('en'),
        percentNumber(precision),
        percentNumber(recall),
      ],
    })),
    width,
  );
}
