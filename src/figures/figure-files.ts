/** @file A figure as files: SVG, PNG, and Vega-Lite JSON to edit. The same figure gives the same bytes. */

import type { TopLevelSpec } from 'vega-lite';
import type { FigureSpec } from './figure.js';
import { fontPath, readWidths } from './font.js';

/** What Vega has beyond its types: how it measures text. */
interface TextMeasure {
  readonly textMetrics: { width: (item: { fontSize?: number }, text: unknown) => number };
}

/** Pixels of a PNG for one of the SVG. */
const SCALE = 2;

/** The figure as an SVG that names its font. */
export async function figureSvg(spec: FigureSpec): Promise<string> {
  const { vega, vegaLite } = await loadVega();
  const compiled = vegaLite.compile(spec as unknown as TopLevelSpec).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: 'none' });
  try {
    await view.runAsync();
    vega.resetSVGDefIds(); // clip paths are numbered on and on otherwise
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

/** Vega takes a while to load, so only who draws loads it. It is made to measure text by the shipped font. */
async function loadVega() {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const widthOf = readWidths();
  const { textMetrics } = vega as unknown as TextMeasure;
  textMetrics.width = ({ fontSize = 11 }, text) => fontSize * widthOf(String(text ?? ''));
  return { vega, vegaLite };
}

/** An SVG of `figureSvg` as a PNG of twice its size, drawn with the shipped font and no other. */
export async function figurePng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  const font = { loadSystemFonts: false, fontFiles: [fontPath()], defaultFontFamily: 'DejaVu Sans' };
  return new Resvg(svg, { font, fitTo: { mode: 'zoom', value: SCALE } }).render().asPng();
}

/** The specification with its data, to be edited by hand: a line a row of data, at the end. */
export function figureJson({ datasets, ...rest }: FigureSpec): string {
  const lists = Object.entries(datasets).map(([name, rows]) => {
    const lines = rows.map((row) => `\n      ${JSON.stringify(row)}`);
    return `\n    ${JSON.stringify(name)}: [${lines.join(',')}\n    ]`;
  });
  const text = JSON.stringify({ ...rest, datasets: {} }, null, 2);
  return `${text.slice(0, text.lastIndexOf('{}'))}{${lists.join(',')}\n  }\n}\n`;
}
