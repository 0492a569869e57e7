/** @file Figures in HTML pages, which answer the mouse, load nothing, and fit on a phone. */

import { readFileSync } from 'node:fs';
import type { FigureSpec } from './figure.js';
import { fontFamily } from './font.js';

/** A figure for wide screens, and one of the same data for those narrower than `NARROW` pixels, or null. */
export interface ScreenFigure {
  readonly wide: FigureSpec;
  readonly narrow: FigureSpec | null;
}

const NARROW = 600;
/** Where this much room is, figures are drawn as they are, on a canvas; else as SVG, which scales. */
const ROOM = 1000;

/** The Content-Security-Policy of pages with figures: nothing is loaded; Vega compiles its expressions. */
export const figurePolicy =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:";

/**
 * The background of boxes that scroll sideways: a shadow at each edge behind which there is more. Shadows stay at the edges,
 * and at the ends of what scrolls lie white covers over them, which scroll with it.
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
 * The style of figures: never wider than the page. One without a narrow form shrinks as far as it can be read, and then
 * scrolls, as what is of class `wide`; its white multiplies with the shadows, which would lie behind it.
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
    renderer: room < ${ROOM} ? 'svg' : 'canvas',
    actions: isNarrow ? false : { export: true, source: true, compiled: false, editor: false },
  });
}`;

/** What a reader of interactive curves can do with them. */
export const figureUsage =
  'Click an arm in the legend to see it alone, with Shift several; drag a panel to move it, hold Shift and turn the wheel to zoom, double-click to go back; point at a curve for its numbers.';

/**
 * One page with the figure, which works without a network: its policy forbids every request.
 *
 * @param figure interactive ones
 * @param title of the page
 * @param usage what a reader can do with the figure
 */
export function figureHtml(figure: ScreenFigure, title: string, usage = figureUsage): string {
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

/** The three libraries as script elements, about 0.8 MB, and what draws with them: once a page, before its first figure. */
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
 * A place in a page where a figure is drawn; the page has `figureScripts` above it, and `figureStyle`.
 *
 * @param figure interactive ones
 * @param id of the element, its own in the page
 */
export function figureElement({ wide, narrow }: ScreenFigure, id: string): string {
  const other = narrow && { ...narrow, datasets: undefined };
  return `<div class="figure${narrow ? '' : ' scrolled'}"><div id="${id}"></div></div>
<script>drawFigure('${id}', ${inScript(wide)}, ${inScript(other)});</script>`;
}

/** JSON inside a script: a name may hold `</script>`. */
function inScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
