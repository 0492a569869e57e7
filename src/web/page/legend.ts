/** @file The legend above the panels: which colour is which arm or run, and what the bands are. */

import type { BandName } from '../shared/view-state.js';
import { make } from './dom.js';

/** An entry of the legend. */
export interface LegendEntry {
  /** The key of its curve; null if it stands for several curves. */
  readonly key: string | null;
  readonly label: string;
  readonly color: string;
  readonly dash: readonly number[];
}

const BAND_TEXTS: Readonly<Record<BandName, string>> = {
  ci: 'line: mean over the seeds; band: its 95 % confidence interval',
  sd: 'line: mean over the seeds; band: one standard deviation',
  range: 'line: mean over the seeds; band: from the lowest to the highest seed',
};

/** Width and height of a sample of a line, in pixels. */
const SAMPLE = { width: 26, height: 8 };

/** Creates the legend in an element. Returns a function that updates it. */
export function createLegend(place: HTMLElement, onHover: (key: string | null) => void) {
  let before = '';
  return (entries: readonly LegendEntry[], band: BandName | null): void => {
    const state = JSON.stringify([entries, band]);
    if (state === before) return;
    before = state;
    const items = entries.map((entry) => {
      const item = make('span', { class: 'entry' }, sampleOf(entry), entry.label);
      item.addEventListener('mouseenter', () => onHover(entry.key));
      item.addEventListener('mouseleave', () => onHover(null));
      return item;
    });
    place.replaceChildren(
      ...items,
      ...(band === null || entries.length === 0 ? [] : [make('span', { class: 'faint' }, BAND_TEXTS[band])]),
    );
    place.hidden = entries.length === 0;
  };
}

function sampleOf({ color, dash }: LegendEntry): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
  const { width, height } = SAMPLE;
  for (const [name, value] of Object.entries({ width, height, 'aria-hidden': 'true' })) {
    svg.setAttribute(name, String(value));
  }
  const attributes = { x1: 0, x2: width, y1: height / 2, y2: height / 2, stroke: color, 'stroke-width': 2.5 };
  for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, String(value));
  if (dash[1] !== 0) line.setAttribute('stroke-dasharray', dash.join(' '));
  svg.append(line);
  return svg;
}
