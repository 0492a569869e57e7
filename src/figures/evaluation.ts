/** @file The figure of an evaluation in Vega-Lite: the confusion matrix with precision and recall, and the mistakes. */

import { enlarge, type GreyImage, imageAt } from '../data/grey-image.js';
import type { Split } from '../data/mnist.js';
import { encodePng } from '../data/png.js';
import type { Prediction } from '../evaluate/predictions.js';
import type { Scores } from '../evaluate/scores.js';
import type { FigureSpec, Heading } from './figure.js';
import { FAINT, figureConfig, INK } from './figure-style.js';

type Json = Readonly<Record<string, unknown>>;

/** The size of a cell of the matrix, and of an image of the mistakes, in pixels. */
const CELL = 40;
const SMALL_CELL = 24;
/** Above this number of classes, cells are small and have no numbers. */
const MOST_LARGE = 16;
const IMAGE = 84;
const COLUMNS = 4;
const PITCH = { x: IMAGE + 28, y: IMAGE + 40 };

/** Hues of the palette of figure-style.ts for right and wrong predictions, from white. */
const RIGHT = [0, 114, 178] as const;
const WRONG = [213, 94, 0] as const;

/**
 * The figure of an evaluation.
 *
 * @param split the examples that the mistakes are of
 */
export function evaluationSpec(
  scores: Scores,
  mistakes: readonly Prediction[],
  split: Split,
  heading: Heading,
): FigureSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 16,
    title: { text: heading.title, subtitle: heading.subtitle ?? '', frame: 'bounds' },
    config: figureConfig,
    spacing: 40,
    hconcat: [matrixSpec(scores), ...(mistakes.length > 0 ? [mistakesSpec(mistakes)] : [])],
    datasets: {
      cells: cellRows(scores),
      classes: scores.classes.map(({ label, precision, recall }) => ({
        label,
        precision: cellPercent(precision),
        recall: cellPercent(recall),
      })),
      mistakes: mistakes.map(({ label, predicted, probability, index }, at) => ({
        x: (at % COLUMNS) * PITCH.x,
        y: Math.floor(at / COLUMNS) * PITCH.y,
        url: dataUrl(imageAt(split, index)),
        text: `true ${label}, predicted ${predicted}`,
        detail: `${(probability * 100).toFixed(2)} %, #${index}`,
      })),
    },
  };
}

function cellPercent(value: number | null): string {
  return value === null ? '–' : (value * 100).toFixed(1);
}

function cellRows({ confusion }: Scores): Json[] {
  const most = Math.max(1, ...confusion.flatMap((row, label) => row.filter((_, other) => other !== label)));
  return confusion.flatMap((row, label) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, predicted) => {
      const isRight = label === predicted;
      const strength = isRight ? count / Math.max(1, total) : Math.sqrt(count / most);
      const [red, green, blue] = (isRight ? RIGHT : WRONG).map((hue) =>
        Math.round(255 + strength * (hue - 255)),
      );
      const color = `rgb(${red},${green},${blue})`;
      return { label, predicted, count, color, ink: strength > 0.6 ? 'white' : INK };
    });
  });
}

function matrixSpec({ classes, confusion }: Scores): Json {
  const count = classes.length;
  const cell = count > MOST_LARGE ? SMALL_CELL : CELL;
  const size = count * cell;
  const scale = { type: 'band', domain: classes.map(({ label }) => label), padding: 0 };
  const axis = { grid: false, ticks: false, domain: false, labelAngle: 0 };
  const x = {
    field: 'predicted',
    type: 'nominal',
    scale,
    axis: { ...axis, title: 'predicted class', orient: 'top' },
  };
  const y = {
    field: 'label',
    type: 'nominal',
    scale,
    axis: {
      ...axis,
      title: 'true class',
      titleAngle: 0,
      titleX: -8,
      titleY: -10,
      titleAlign: 'right',
      titleFontSize: 11,
    },
  };
  const numbers = confusion.length > MOST_LARGE ? [] : [cellText()];
  const head = (text: string, place: Json): Json => ({
    data: { values: [{}] },
    mark: { type: 'text', fontSize: 11, color: FAINT, ...place },
    encoding: { text: { value: text }, x: { value: place.atX }, y: { value: place.atY } },
  });
  return {
    width: size,
    height: size,
    layer: [
      {
        data: { name: 'cells' },
        mark: { type: 'rect', stroke: '#E6E6E6', strokeWidth: 1 },
        encoding: { x, y, color: { field: 'color', type: 'nominal', scale: null } },
      },
      ...numbers,
      {
        data: { name: 'classes' },
        mark: { type: 'text', align: 'right', fontSize: 10.5, color: INK },
        encoding: {
          x: { value: size + 44 },
          y: { field: 'label', type: 'nominal', scale },
          text: { field: 'recall', type: 'nominal' },
        },
      },
      {
        data: { name: 'classes' },
        mark: {
          type: 'text',
          baseline: 'top',
          fontSize: 10.5,
          color: INK,
          angle: cell === CELL ? 0 : 90,
          align: cell === CELL ? 'center' : 'left',
        },
        encoding: {
          x: { field: 'label', type: 'nominal', scale },
          y: { value: size + 8 },
          text: { field: 'precision', type: 'nominal' },
        },
      },
      head('recall %', { align: 'right', baseline: 'bottom', atX: size + 44, atY: -7 }),
      head('precision %', { align: 'right', baseline: 'top', atX: -8, atY: size + 8 }),
    ],
  };

  function cellText(): Json {
    return {
      data: { name: 'cells' },
      transform: [{ filter: 'datum.count > 0' }],
      mark: { type: 'text', fontSize: 11 },
      encoding: {
        x,
        y,
        text: { field: 'count', type: 'quantitative' },
        color: { field: 'ink', type: 'nominal', scale: null },
      },
    };
  }
}

function mistakesSpec(mistakes: readonly Prediction[]): Json {
  const [width, height] = [
    Math.min(mistakes.length, COLUMNS) * PITCH.x,
    Math.ceil(mistakes.length / COLUMNS) * PITCH.y,
  ];
  const place = (field: 'x' | 'y', to: number, offset: number): Json => ({
    field,
    type: 'quantitative',
    axis: null,
    scale: { domain: [0, to], range: [offset, to + offset], nice: false, zero: false },
  });
  const text = (field: string, below: number, color: string): Json => ({
    mark: { type: 'text', align: 'left', baseline: 'top', fontSize: 10.5, color, yOffset: below },
    encoding: { text: { field, type: 'nominal' } },
  });
  return {
    width,
    height,
    title: { text: 'most confident mistakes', fontSize: 12, offset: 8, frame: 'group' },
    data: { name: 'mistakes' },
    encoding: { x: place('x', width, 0), y: place('y', height, 0) },
    layer: [
      {
        mark: { type: 'image', width: IMAGE, height: IMAGE, align: 'left', baseline: 'top' },
        encoding: { url: { field: 'url', type: 'nominal' } },
      },
      text('text', IMAGE + 5, INK),
      text('detail', IMAGE + 18, FAINT),
    ],
  };
}

/** An image as a PNG in a URL. It is enlarged, because viewers blur images that they enlarge themselves. */
function dataUrl(image: GreyImage): string {
  const factor = Math.max(1, Math.ceil((2 * IMAGE) / Math.max(image.width, image.height)));
  return `data:image/png;base64,${encodePng(enlarge(image, factor)).toString('base64')}`;
}
