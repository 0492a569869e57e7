/** @file A confusion matrix in Vega-Lite, with the recall of each row and the precision of each column. */

import { type Scores, shadesOf } from '../evaluate/scores.js';
import { FAINT, INK } from './figure-style.js';

type Json = Readonly<Record<string, unknown>>;

/** The size of a cell in pixels. Cells of more classes than `MOST_NUMBERED` are small and have no numbers. */
const CELL = 40;
const SMALL_CELL = 20;
const MOST_NUMBERED = 16;

/** Right and wrong predictions, in the palette of figure-style.ts; they fade to white. */
const RIGHT = [0, 114, 178] as const;
const WRONG = [213, 94, 0] as const;
/** The right edge of the column of recalls, from the matrix, in pixels. */
const EDGE = 54;
/** From this shade on, numbers are white. */
const DARK = 0.6;

/** The data of the matrix: `cells`, one row per pair of classes, and `classes`, one row per class. */
export function confusionData({ confusion, classes }: Scores): { cells: Json[]; classes: Json[] } {
  const shades = shadesOf(confusion);
  const cells = confusion.flatMap((row, label) =>
    row.map((count, predicted) => {
      const shade = shades[label]?.[predicted] ?? 0;
      const hue = label === predicted ? RIGHT : WRONG;
      const color = `rgb(${hue.map((channel) => Math.round(255 + shade * (channel - 255))).join(',')})`;
      return { label, predicted, count, color, ink: shade > DARK ? 'white' : INK };
    }),
  );
  const text = (value: number | null): string => (value === null ? '–' : (value * 100).toFixed(1));
  return {
    cells,
    classes: classes.map(({ label, precision, recall }) => ({
      label,
      precision: text(precision),
      recall: text(recall),
    })),
  };
}

/** The view of the matrix, on the data of `confusionData`. */
export function confusionView({ classes }: Scores): Json {
  const isNumbered = classes.length <= MOST_NUMBERED;
  const size = classes.length * (isNumbered ? CELL : SMALL_CELL);
  const axis = { grid: false, ticks: false, domain: false, labelAngle: 0, titleFontSize: 11 };
  const band = (field: string, more: Json): Json => ({
    field,
    type: 'nominal',
    scale: { type: 'band', domain: classes.map(({ label }) => label), padding: 0 },
    axis: { ...axis, ...more },
  });
  const x = band('predicted', { title: 'predicted class', orient: 'top' });
  const y = band('label', { title: 'true class', titleX: -8, titleY: -7, titleAlign: 'right' });
  const color = (field: string): Json => ({ field, type: 'nominal', scale: null });
  const text = (field: string): Json => ({ field, type: 'nominal' });
  return {
    width: size,
    height: size,
    layer: [
      {
        data: { name: 'cells' },
        mark: { type: 'rect', stroke: '#E6E6E6', strokeWidth: 1 },
        encoding: { x, y, color: color('color') },
      },
      ...(isNumbered
        ? [
            {
              data: { name: 'cells' },
              transform: [{ filter: 'datum.count > 0' }],
              mark: { type: 'text', fontSize: 11 },
              encoding: { x, y, text: text('count'), color: color('ink') },
            },
          ]
        : []),
      {
        data: { name: 'classes' },
        mark: { type: 'text', align: 'right', fontSize: 10.5, color: INK },
        encoding: { x: { value: size + EDGE }, y, text: text('recall') },
      },
      {
        data: { name: 'classes' },
        mark: {
          type: 'text',
          fontSize: 10.5,
          color: INK,
          ...(isNumbered ? { baseline: 'top' } : { angle: 90, align: 'left', baseline: 'middle' }),
        },
        encoding: { x: { ...x, field: 'label' }, y: { value: size + 8 }, text: text('precision') },
      },
      head('recall %', size + EDGE, -4, 'bottom'),
      head('precision %', -8, size + 8, 'top'),
    ],
  };
}

/** A heading of a row or column of numbers. */
function head(text: string, x: number, y: number, baseline: string): Json {
  return {
    data: { values: [{}] },
    mark: { type: 'text', fontSize: 11, color: FAINT, align: 'right', baseline },
    encoding: { text: { value: text }, x: { value: x }, y: { value: y } },
  };
}
