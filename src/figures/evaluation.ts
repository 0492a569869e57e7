/** @file The figure of an evaluation in Vega-Lite: the confusion matrix and the most confident mistakes. */

import { enlarge, type GreyImage, imageAt } from '../data/grey-image.js';
import type { Split } from '../data/mnist.js';
import { encodePng } from '../data/png.js';
import type { Prediction } from '../evaluate/predictions.js';
import type { Scores } from '../evaluate/scores.js';
import { probabilityPercent } from '../text/probability.js';
import { confusionData, confusionView } from './confusion.js';
import type { FigureSpec, Heading } from './figure.js';
import { FAINT, figureConfig, INK } from './figure-style.js';

type Json = Readonly<Record<string, unknown>>;

/** The size of an image, and the height of its caption and the gap below, in pixels. */
const IMAGE = 84;
const BELOW = 40;
/** The number of images in a row. */
const COLUMNS = 4;
/** The width of a character of a caption, for the distance of images. */
const CHARACTER = 5.6;

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
  const captions = mistakes.map(({ label, predicted }) => `true ${label}, predicted ${predicted}`);
  const pitch = Math.max(IMAGE, ...captions.map((text) => CHARACTER * text.length)) + 14;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 16,
    title: { text: heading.title, subtitle: heading.subtitle ?? '', frame: 'bounds' },
    config: figureConfig,
    spacing: 40,
    hconcat: [confusionView(scores), ...(mistakes.length > 0 ? [mistakesView(mistakes.length, pitch)] : [])],
    datasets: {
      ...confusionData(scores),
      mistakes: mistakes.map(({ probability, index }, at) => ({
        x: (at % COLUMNS) * pitch,
        y: Math.floor(at / COLUMNS) * (IMAGE + BELOW),
        url: dataUrl(imageAt(split, index)),
        classes: captions[at] ?? '',
        detail: `${probabilityPercent(probability)}, #${index}`,
      })),
    },
  };
}

/** @param pitch distance of two images of a row, in pixels */
function mistakesView(count: number, pitch: number): Json {
  const [width, height] = [Math.min(count, COLUMNS) * pitch, Math.ceil(count / COLUMNS) * (IMAGE + BELOW)];
  const pixels = (field: string, size: number): Json => ({
    field,
    type: 'quantitative',
    axis: null,
    scale: { domain: [0, size], range: [0, size], nice: false, zero: false },
  });
  const text = (field: string, below: number, color: string): Json => ({
    mark: { type: 'text', align: 'left', baseline: 'top', fontSize: 10.5, color, yOffset: below },
    encoding: { text: { field, type: 'nominal' } },
  });
  return {
    width,
    height,
    title: { text: 'most confident mistakes', fontSize: 12, offset: 8 },
    data: { name: 'mistakes' },
    encoding: { x: pixels('x', width), y: pixels('y', height) },
    layer: [
      {
        mark: { type: 'image', width: IMAGE, height: IMAGE, align: 'left', baseline: 'top' },
        encoding: { url: { field: 'url', type: 'nominal' } },
      },
      text('classes', IMAGE + 5, INK),
      text('detail', IMAGE + 18, FAINT),
    ],
  };
}

/** An image as a PNG in a URL. It is enlarged, because viewers blur images that they enlarge themselves. */
function dataUrl(image: GreyImage): string {
  const factor = Math.max(1, Math.ceil((2 * IMAGE) / Math.max(image.width, image.height)));
  return `data:image/png;base64,${encodePng(enlarge(image, factor)).toString('base64')}`;
}
