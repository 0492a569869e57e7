/** @file Predictions as a CSV table, one row per example. */

import type { Prediction } from './predictions.js';

const COLUMNS = ['index', 'label', 'predicted', 'probability', 'loss'] as const;

/**
 * Predictions as CSV, with numbers in full precision.
 *
 * @returns columns: position in the split, true class, predicted class and its probability, loss of the true class
 */
export function predictionsCsv(predictions: readonly Prediction[]): string {
  const rows = predictions.map((prediction) => COLUMNS.map((name) => prediction[name]).join(','));
  return `${[COLUMNS.join(','), ...rows].join('\n')}\n`;
}
