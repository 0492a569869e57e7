/** @file The curves of watched runs in a panel, with a marker for each curve and a legend in one line. */

import type { Column } from '../../figures/curves.js';
import { markerOf, panelText } from '../../figures/figure-text.js';
import { columnTitle } from '../../figures/panel.js';
import type { WatchedRun } from '../../results/watched.js';
import { plural } from '../../text/plural.js';
import { singleLine, visibleLength } from '../../text/printable.js';
import { armColor } from '../arm-color.js';
import type { Io } from '../io.js';
import { curvesOfLines, type Line, type Selection } from './selection.js';

const GAP = '  ';
/** The lines of a panel besides its rows: its title, axis and labels. */
const FRAME = 3;

/**
 * The curves of a column.
 *
 * @param size `height`: the rows of the panel without its frame
 * @returns `size.height + 3` lines
 */
export function panelLines(
  { lines, arm }: Selection,
  column: Column,
  size: { readonly width: number; readonly height: number },
  color: Io['outColor'],
): string[] {
  const curves = curvesOfLines(lines, column);
  const drawn = curves === null ? [] : panelText(curves, size, { color: armColor(color) });
  const [title, ...rest] = drawn;
  if (title === undefined) {
    const text = `There is no value of ${columnTitle(column)} yet.`;
    return [text, ...Array.from({ length: size.height + FRAME - 1 }, () => '')];
  }
  const isMean = arm === null && lines.some(({ runs }) => runs.length > 1);
  return [`${title}${isMean ? ', mean over seeds' : ''}`, ...rest];
}

/** The coloured marker of each run: that of its curve. */
export function marksOf(lines: readonly Line[], color: Io['outColor']): Map<WatchedRun, string> {
  const paint = armColor(color);
  return new Map(
    lines.flatMap(({ runs, styleIndex }) =>
      runs.map((run): [WatchedRun, string] => [run, paint(styleIndex, markerOf({ styleIndex }))]),
    ),
  );
}

/** The coloured marker and the label of each curve. */
export function legendParts(lines: readonly Line[], color: Io['outColor']): string[] {
  const paint = armColor(color);
  return lines.map(({ label, styleIndex }) =>
    paint(styleIndex, `${markerOf({ styleIndex })} ${singleLine(label)}`),
  );
}

/** The parts of the legend that fit in a line, and the number of the others. */
export function legendLine(lines: readonly Line[], width: number, color: Io['outColor']): string {
  const parts = legendParts(lines, color);
  for (let count = parts.length; count > 0; count--) {
    const others = parts.length - count;
    const rest = others === 0 ? [] : [`… and ${plural(others, 'more curve')}`];
    const line = [...parts.slice(0, count), ...rest].join(GAP);
    if (visibleLength(line) <= width) return line;
  }
  return plural(parts.length, 'curve');
}
