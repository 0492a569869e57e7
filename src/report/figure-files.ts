/** @file A figure as files: SVG, PNG, Vega-Lite JSON to edit, and one HTML page. The same figure gives the same bytes. */
import { readFileSync } from 'node:fs';
import type { TopLevelSpec } from 'vega-lite';
import type { FigureSpec } from './figure.js';
import { fontFamily, fontPath, readWidths } from './font.js';

/** What Vega has beyond its types: how it measures text. */
interface TextMeasure {
  readonly textMetrics: { width: (item: { fontSize?: number }, text: unknown) => number };
}

/** Vega takes a while to load, so only who draws loads it. It is made to measure text by the shipped font. */
const loadVega = async () => {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const widthOf = readWidths();
  const { textMetrics } = vega as unknown as TextMeasure;
  textMetrics.width = ({ fontSize = 11 }, text) => fontSize * widthOf(String(text ?? ''));
  return { vega, vegaLite };
};

/** The figure as an SVG that names its font. */
export const figureSvg = async (spec: FigureSpec): Promise<string> => {
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
};

/** Pixels of a PNG for one of the SVG. */
const SCALE = 2;

/** An SVG of `figureSvg` as a PNG of twice its size, drawn with the shipped font and no other. */
export const figurePng = async (svg: string): Promise<Uint8Array> => {
  const { Resvg } = await import('@resvg/resvg-js');
  const font = { loadSystemFonts: false, fontFiles: [fontPath()], defaultFontFamily: 'DejaVu Sans' };
  return new Resvg(svg, { font, fitTo: { mode: 'zoom', value: SCALE } }).render().asPng();
};

/** The specification with its data, to be edited by hand: a line a row of data, at the end. */
export const figureJson = ({ datasets, ...rest }: FigureSpec): string => {
  const lists = Object.entries(datasets).map(([name, rows]) => {
    const lines = rows.map((row) => `\n      ${JSON.stringify(row)}`);
    return `\n    ${JSON.stringify(name)}: [${lines.join(',')}\n    ]`;
  });
  const text = JSON.stringify({ ...rest, datasets: {} }, null, 2);
  return `${text.slice(0, text.lastIndexOf('{}'))}{${lists.join(',')}\n  }\n}\n`;
};

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The Content-Security-Policy of pages with figures: nothing is loaded; Vega compiles its expressions. */
export const figurePolicy =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:";

/** The three libraries as script elements, about 0.8 MB: once a page, before its first figure. */
export const figureScripts = (): string =>
  ['vega', 'vega-lite', 'vega-embed']
    .map((name) => {
      const text = readFileSync(new URL(`${name}.min.js`, import.meta.resolve(name)), 'utf8');
      const whole = text.replace(/\/\/# sourceMappingURL=.*/g, '').replaceAll('</script', '<\\/script');
      return `<script>${whole.trim()}</script>`;
    })
    .join('\n');

/**
 * A place in a page where a specification is drawn, with a scroll bar where the page is narrower; the page has
 * `figureScripts` above it.
 *
 * @param spec an interactive one
 * @param id of the element, its own in the page
 */
export const figureElement = (spec: FigureSpec, id: string): string => {
  const options = {
    renderer: 'canvas',
    actions: { export: true, source: true, compiled: false, editor: false },
  };
  const json = JSON.stringify(spec).replaceAll('<', '\\u003c'); // a name may hold `</script>`
  return `<div style="overflow-x: auto"><div id="${id}"></div></div>
<script>vegaEmbed('#${id}', ${json}, ${JSON.stringify(options)});</script>`;
};

/** What a reader of interactive curves can do with them. */
export const figureUsage =
  'Click an arm in the legend to see it alone, with Shift several; drag a panel to move it, hold Shift and turn the wheel to zoom, double-click to go back; point at a curve for its numbers.';

/**
 * One page with the figure, which works without a network: its policy forbids every request.
 *
 * @param spec an interactive one
 * @param title of the page
 * @param usage what a reader can do with the figure
 */
export const figureHtml = (spec: FigureSpec, title: string, usage = figureUsage): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${figurePolicy}">
<title>${escapeHtml(title)}</title>
<style>
body { margin: 24px auto; max-width: 1040px; font: 14px/1.5 ${fontFamily}; color: #333; }
p { margin: 8px 16px; font-size: 12px; color: #666; }
</style>
${figureScripts()}
</head>
<body>
${figureElement(spec, 'figure')}
<p>${escapeHtml(usage)}</p>
</body>
</html>
`;
