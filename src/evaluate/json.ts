/** @file An evaluation as JSON. */

import type { Evaluation } from './evaluate.js';
import type { Prediction } from './predictions.js';

/** An evaluation with the keys of `--json`, which are those of summary.json where both have them. */
export function evaluationJson(
  { run, weights, device, data, scores, isRecorded }: Evaluation,
  mistakes: readonly Prediction[],
) {
  return {
    run_id: run.record.run_id,
    dir: run.directory,
    step: weights.step,
    final: weights.isFinal,
    best: weights.isBest,
    weights_sha256: weights.sha256,
    device,
    data: data.directory,
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
