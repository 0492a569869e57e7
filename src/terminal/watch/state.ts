/** @file What the user has chosen to see of the watched runs, and how keys change it. */

import type { Column } from '../../figures/curves.js';

/** The choices of the user. */
export interface WatchState {
  /** The column of the curves. */
  readonly column: Column;
  /** The arm whose runs are shown; null for all arms. */
  readonly arm: string | null;
  readonly sort: Sort;
  /** Whether the order is descending. */
  readonly reverse: boolean;
  /** The index of the first row of the table. */
  readonly top: number;
  /** Whether the keys are shown instead of the runs. */
  readonly help: boolean;
}

/** The orders of the table; see results/list-query.ts. */
export const sorts = ['started', 'arm', 'status', 'step', 'val', 'run'] as const;
export type Sort = (typeof sorts)[number];

/** The columns that keys choose from. */
export const watchColumns: readonly Column[] = [
  'loss',
  'accuracy',
  'val_loss',
  'val_accuracy',
  'grad_norm',
  'grad_norm_clipped',
  'clip_fraction',
  'lr',
  'examples_per_second',
];

/** What there is to choose from. */
export interface Choices {
  /** The names of the arms. */
  readonly arms: readonly string[];
  /** The number of runs in the table. */
  readonly rows: number;
  /** The number of rows that the screen has room for. */
  readonly page: number;
}

/** The keys and what they do, for people. */
export const KEYS: readonly (readonly [string, string])[] = [
  ['c, C or → ←', 'next or previous column'],
  ['a, A', 'next or previous arm'],
  ['Esc', 'all arms'],
  ['s, S', 'next or previous order'],
  ['r', 'reverse the order'],
  ['↑ ↓ or k j', 'scroll the table by a row'],
  ['PgUp PgDn, Space', 'scroll the table by a page'],
  ['Home End or g G', 'start or end of the table'],
  ['?', 'show or hide these keys'],
  ['q, Ctrl-C', 'leave'],
  ['Ctrl-Z', 'suspend'],
];

/**
 * The state after a key. An unknown key changes nothing, except that it hides the list of keys.
 *
 * @param key the name of the key, such as `a`, `A`, `right` or `pagedown`
 */
export function afterKey(state: WatchState, key: string, choices: Choices): WatchState {
  if (state.help) return { ...state, help: false };
  const { arms, rows, page } = choices;
  const scrolled = (top: number): WatchState => ({ ...state, top: scrollLimit(top, rows, page) });
  const top = scrollLimit(state.top, rows, page);
  switch (key) {
    case 'c':
    case 'right':
      return { ...state, column: neighbour(watchColumns, state.column, 1) };
    case 'C':
    case 'left':
      return { ...state, column: neighbour(watchColumns, state.column, -1) };
    case 'a':
      return { ...state, arm: neighbour([null, ...arms], state.arm, 1), top: 0 };
    case 'A':
      return { ...state, arm: neighbour([null, ...arms], state.arm, -1), top: 0 };
    case 'escape':
      return { ...state, arm: null, top: 0 };
    case 's':
      return { ...state, sort: neighbour(sorts, state.sort, 1), top: 0 };
    case 'S':
      return { ...state, sort: neighbour(sorts, state.sort, -1), top: 0 };
    case 'r':
      return { ...state, reverse: !state.reverse, top: 0 };
    case 'down':
    case 'j':
      return scrolled(top + 1);
    case 'up':
    case 'k':
      return scrolled(top - 1);
    case 'pagedown':
    case 'space':
      return scrolled(top + page);
    case 'pageup':
      return scrolled(top - page);
    case 'home':
    case 'g':
      return scrolled(0);
    case 'end':
    case 'G':
      return scrolled(rows);
    case '?':
      return { ...state, help: true };
    default:
      return state;
  }
}

/** The first row of the table: at least 0, and so that the last page is full. */
export function scrollLimit(top: number, rows: number, page: number): number {
  return Math.max(0, Math.min(top, rows - page));
}

/** The value after or before another one, in a circle; the first if the other is not in the list. */
function neighbour<Value>(values: readonly Value[], value: Value, step: 1 | -1): Value {
  const at = values.indexOf(value);
  const [next = value] = values.slice(at === -1 ? 0 : (at + step + values.length) % values.length);
  return next;
}
