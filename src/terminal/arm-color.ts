/** @file The colours of arms in plots on a terminal. */

import type { TextStyle } from '../figures/figure-text.js';
import type { Io } from './io.js';

/** Colours text by the style index of an arm, where colours are on. */
export function armColor({ cyan, yellow, magenta, green, blue, red }: Io['outColor']): TextStyle['color'] {
  const colors = [cyan, yellow, magenta, green, blue, red];
  return (index, text) => colors[index % colors.length]?.(text) ?? text;
}
