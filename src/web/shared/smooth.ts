/** @file Smoothing of a run's curve: the mean over the last steps, as `wnlstm plot --smooth` computes it. */

/**
 * The trailing mean of a column of steps.csv. A row is the mean over the steps since the previous row, so each row counts
 * with the number of its steps that are in the window.
 *
 * @param steps of the rows, ascending
 * @param values one per row; NaN if it was not measured
 * @param window number of steps; 0 returns the values
 * @returns one value per row; NaN where the row itself has none
 */
export function smoothed(steps: Float64Array, values: Float64Array, window: number): Float64Array {
  if (window <= 0) return values;
  const result = new Float64Array(values.length).fill(Number.NaN);
  let sum = 0; // over the rows from `first` on, each with all its steps
  let weight = 0;
  let first = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row] ?? Number.NaN;
    const width = widthOf(steps, row);
    if (Number.isFinite(value)) {
      sum += width * value;
      weight += width;
    }
    const start = Math.max(0, (steps[row] ?? 0) - window);
    while (first < row && (steps[first] ?? 0) <= start) {
      const gone = values[first] ?? Number.NaN;
      if (Number.isFinite(gone)) {
        sum -= widthOf(steps, first) * gone;
        weight -= widthOf(steps, first);
      }
      first++;
    }
    if (!Number.isFinite(value)) continue;
    // The first row may be partly before the window.
    const outside = Math.max(0, start - ((steps[first] ?? 0) - widthOf(steps, first)));
    const edge = values[first] ?? Number.NaN;
    const isCut = outside > 0 && Number.isFinite(edge);
    result[row] = isCut ? (sum - outside * edge) / (weight - outside) : sum / weight;
  }
  return result;
}

function widthOf(steps: Float64Array, row: number): number {
  return (steps[row] ?? 0) - (row === 0 ? 0 : (steps[row - 1] ?? 0));
}
