/** @file Renders figures as SVG, PNG, Vega-Lite JSON and HTML. The same figure always gives the same bytes. */

import type { TopLevelSpec } from 'vega-lite';
import { UserError } from '../errors.js';
import type { FigureSpec } from './figure.js';
import { figureHtml } from './figure-html.js';
import { fontPath, readWidths } from './font.js';

/** A part of Vega that its types lack: the measurement of text. */
interface TextMeasure {
  readonly textMetrics: { width: (item: { fontSize?: number }, text: unknown) => number };
}

/** Pixels of a PNG per pixel of the SVG. */
const SCALE = 2;

/** The formats of figure files, which are also their extensions. */
export const figureFormats = ['svg', 'png', 'vl.json', 'html'] as const;
export type FigureFormat = (typeof figureFormats)[number];

/** A figure in all its forms. */
export interface Figure {
  readonly title: string;
  readonly spec: FigureSpec;
  /** The figure with tooltips, for HTML. */
  readonly interactive: FigureSpec;
  /** The interactive figure for narrow screens; null if it has none. */
  readonly narrow: FigureSpec | null;
  /** What a reader can do with the interactive figure. */
  readonly usage: string;
}

/** The contents of a figure file. */
export async function renderFigure(figure: Figure, format: FigureFormat): Promise<string | Uint8Array> {
  switch (format) {
    case 'svg':
      return figureSvg(figure.spec);
    case 'png':
      return figurePng(await figureSvg(figure.spec));
    case 'vl.json':
      return figureJson(figure.spec);
    case 'html':
      return figureHtml({ wide: figure.interactive, narrow: figure.narrow }, figure.title, figure.usage);
    default:
      return format satisfies never;
  }
}

/** The format of a file by its extension; undefined for any other extension. */
export function formatOf(path: string): FigureFormat | undefined {
  return figureFormats.find((format) => path.endsWith(`.${format}`));
}

/**
 * The format of a file that an option names.
 *
 * @throws {UserError} E_USAGE for any other extension
 */
export function requireFormat(option: string, path: string): FigureFormat {
  const format = formatOf(path);
  if (format) return format;
  const endings = figureFormats.map((name) => `.${name}`).join(', ');
  throw new UserError('E_USAGE', `${option} ${path}: expected a file name that ends in ${endings}.`, {
    hint: 'The ending selects the format.',
  });
}

/** The figure as SVG; it refers to the font by name. */
export async function figureSvg(spec: FigureSpec): Promise<string> {
  const { vega, vegaLite } = await loadVega();
  const compiled = vegaLite.compile(spec as unknown as TopLevelSpec).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: 'none' });
  try {
    await view.runAsync();
    vega.resetSVGDefIds(); // otherwise the numbers of clip paths depend on earlier figures
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

/** Loads Vega, which takes a while, and makes it measure text with the shipped font. */
async function loadVega() {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const widthOf = readWidths();
  const { textMetrics } = vega as unknown as TextMeasure;
  textMetrics.width = ({ fontSize = 11 }, text) => fontSize * widthOf(String(text ?? ''));
  return { vega, vegaLite };
}

/** An SVG of `figureSvg` as PNG of twice its size, drawn only with the shipped font. */
export async function figurePng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  const font = { loadSystemFonts: false, fontFiles: [fontPath()], defaultFontFamily: 'DejaVu Sans' };
  return new Resvg(svg, { font, fitTo: { mode: 'zoom', value: SCALE } }).render().asPng();
}

/** The Vega-Lite specification for manual editing; the data is at the end, one row per line. */
export function figureJson({ datasets, ...rest }: FigureSpec): string {
  const lists = Object.entries(datasets).map(([name, rows]) => {
    const lines = rows.map((row) => `\n      ${JSON.stringify(row)}`);
    return `\n    ${JSON.stringify(name)}: [${lines.join(',')}\n    ]`;
  });
  const text = JSON.stringify({ ...rest, datasets: {} }, null, 2);
  return `${text.slice(0, text.lastIndexOf('{}'))}{${lists.join(',')}\n  }\n}\n`;
}
