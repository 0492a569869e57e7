/** @file The views of a figure, for tests. */

import { figureSpec } from './figure.js';

export interface View {
  readonly width: number;
  readonly transform: readonly unknown[];
  readonly encoding: { readonly x: unknown; readonly y: { readonly title: string; readonly scale: unknown } };
}

/** The views of a figure by row. */
export function viewsIn(...spec: Parameters<typeof figureSpec>): View[][] {
  const [{ concat, columns }, ...rest] = figureSpec(...spec).vconcat as [
    { concat: View[]; columns: number },
    ...View[],
  ];
  const rows = Array.from({ length: Math.ceil(concat.length / columns) }, (_, row) =>
    concat.slice(row * columns, (row + 1) * columns),
  );
  return [...rows, ...rest.map((view) => [view])];
}
