/** @file Interactive figures in HTML pages that load no resources and fit on phones. */

import { readFileSync } from 'node:fs';
import type { FigureSpec } from './figure.js';
import { fontFamily } from './font.js';

/** A figure for wide screens, and one of the same data for screens below `NARROW` pixels, or null. */
export interface ScreenFigure {
  readonly wide: FigureSpec;
  readonly narrow: FigureSpec | null;
}

const NARROW = 600;
/** From this width on, figures are drawn on a canvas; below, as SVG, which scales. */
const CANVAS_WIDTH = 1000;

/** The Content-Security-Policy of pages with figures: no requests; `unsafe-eval`, because Vega compiles expressions. */
export const figurePolicy =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:";

/**
 * The background of boxes that scroll horizontally: a shadow at each edge that hides content. The shadows are fixed to the
 * edges; white covers at the ends of the content scroll with it and hide the shadows there.
 */
const scrollShadows = [
  ['to right, #fff 40%, #fff0', '0', '56px', 'local'],
  ['to left, #fff 40%, #fff0', '100%', '56px', 'local'],
  ['to right, #0004, #0000', '0', '18px', 'scroll'],
  ['to left, #0004, #0000', '100%', '18px', 'scroll'],
]
  .map(([colors, x, width, moves]) => `linear-gradient(${colors}) ${x} 0 / ${width} 100% no-repeat ${moves}`)
  .join(', ');

/**
 * The style of figures, which are never wider than the page. A figure without a narrow form shrinks to a readable width and
 * then scrolls, like elements of class `wide`. Its white is blended with the shadows, which it would hide otherwise.
 */
export const figureStyle = `.figure { overflow-x: auto; } .figure .vega-embed { display: block; }
.figure svg.marks { max-width: 100%; height: auto; } .figure.scrolled svg.marks { min-width: 640px; mix-blend-mode: multiply; }
.wide, .figure.scrolled { overflow-x: auto; background: ${scrollShadows}; }
@media (max-width: ${NARROW}px) { .usage { display: none; } }`;

const drawFigure = `function drawFigure(id, wide, narrow) {
  const element = document.getElementById(id);
  const room = element.clientWidth;
  const isNarrow = room < ${NARROW};
  vegaEmbed(element, isNarrow && narrow ? { ...narrow, datasets: wide.datasets } : wide, {
    renderer: room < ${CANVAS_WIDTH} ? 'svg' : 'canvas',
    actions: isNarrow ? false : { export: true, source: true, compiled: false, editor: false },
  });
}`;

/** What a reader can do with interactive curves. */
export const curvesUsage =
  'Click an arm in the legend to show only that arm; Shift-click adds more. Drag a panel to move it, scroll with Shift to zoom, double-click to reset. Point at a curve for its values.';

/**
 * An HTML page with a figure. It works without a network; its policy forbids all requests.
 *
 * @param figure interactive specifications
 * @param title of the page
 * @param usage what a reader can do with the figure
 */
export function figureHtml(figure: ScreenFigure, title: string, usage: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${figurePolicy}">
<title>${escapeHtml(title)}</title>
<style>
body { margin: 24px auto; max-width: 1040px; padding: 0 8px; font: 14px/1.5 ${fontFamily}; color: #333; }
p { margin: 8px 16px; font-size: 12px; color: #666; }
${figureStyle}
</style>
${figureScripts()}
</head>
<body>
${figureElement(figure, 'figure')}
<p class="usage">${escapeHtml(usage)}</p>
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Script elements with Vega, Vega-Lite, vega-embed (0.8 MB) and `drawFigure`; a page needs them once, before its figures. */
export function figureScripts(): string {
  const libraries = ['vega', 'vega-lite', 'vega-embed'].map((name) => {
    const text = readFileSync(new URL(`${name}.min.js`, import.meta.resolve(name)), 'utf8');
    return text
      .replace(/\/\/# sourceMappingURL=.*/g, '')
      .replaceAll('</script', '<\\/script')
      .trim();
  });
  return [...libraries, drawFigure].map((text) => `<script>${text}</script>`).join('\n');
}

/**
 * The element of a figure in a page that contains `figureScripts` and `figureStyle`.
 *
 * @param figure interactive specifications
 * @param id a unique id
 */
export function figureElement({ wide, narrow }: ScreenFigure, id: string): string {
  const other = narrow && { ...narrow, datasets: undefined };
  return `<div class="figure${narrow ? '' : ' scrolled'}"><div id="${id}"></div></div>
<script>drawFigure('${id}', ${inScript(wide)}, ${inScript(other)});</script>`;
}

/** JSON inside a script element, escaped, because a name may contain `</script>`. */
function inScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
