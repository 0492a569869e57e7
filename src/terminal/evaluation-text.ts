/** @file The evaluation of a model as text for a terminal. */

import type { Evaluated, EvaluationData } from '../evaluate/evaluate.js';
import type { Prediction } from '../evaluate/predictions.js';
import type { Scores } from '../evaluate/scores.js';
import type { Weights } from '../evaluate/weights.js';
import type { FoundRun } from '../runs/reading.js';
import { plural } from '../text/plural.js';
import { table } from '../text/table.js';
import { wrap } from '../text/wrap.js';
import { confusionText } from './confusion-text.js';
import { describeModel, number, percent, percentNumber } from './format.js';
import type { Io } from './io.js';
import { mistakesText } from './mistakes-text.js';

/** What is described. */
export interface Described {
  readonly run: FoundRun;
  readonly weights: Weights;
  readonly device: string;
  readonly data: EvaluationData;
  /** The folder of other data; undefined for the data of the run. */
  readonly folder: string | undefined;
  readonly evaluated: Evaluated;
  readonly mistakes: readonly Prediction[];
}

/** Width of pictures in a row where standard output is not a terminal. */
const PIPED_WIDTH = 80;

/** Describes an evaluation: scores, confusion matrix, classes and mistakes. */
export function evaluationText(
  described: Described,
  { outColor, outWidth }: Pick<Io, 'outColor' | 'outWidth'>,
): string {
  const { run, weights, device, data, folder, evaluated, mistakes } = described;
  const { bold, dim } = outColor;
  const { scores } = evaluated;
  const width = outWidth ?? Number.POSITIVE_INFINITY;
  const wrong = scores.count - scores.correct;
  const where = folder ?? run.config.data ?? 'MNIST';
  const same = evaluated.isRecorded ? ', as the run recorded' : '';
  return [
    `${bold(run.record.run_id)} ${describeWeights(weights)}`,
    ...[
      `${describeModel(run.config)}; on ${device}`,
      `${where}: ${plural(scores.count, `${data.name} image`)}`,
    ].flatMap((line) => wrap(line, width, '  ').map((part) => dim(part))),
    '',
    ...wrap(
      `${bold(`accuracy ${percent(scores.accuracy)}`)} [${scores.interval.map(percentNumber).join(', ')}], ${plural(wrong, 'mistake')}`,
      width,
      '  ',
    ),
    `loss ${number(scores.loss)}${same}`,
    '',
    confusionText(scores.confusion, outColor, width),
    '',
    classTable(scores, width),
    ...(mistakes.length === 0
      ? []
      : [
          '',
          bold(
            mistakes.length === wrong
              ? 'all mistakes, most confident first'
              : `the ${mistakes.length} most confident of ${plural(wrong, 'mistake')}`,
          ),
          '',
          mistakesText(mistakes, data.split, data.dataset.size, outColor, outWidth ?? PIPED_WIDTH),
        ]),
  ].join('\n');
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
