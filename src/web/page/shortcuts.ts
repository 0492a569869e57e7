/** @file The keyboard shortcuts of the page. */

import { smoothings, type ViewState, xNames } from '../shared/view-state.js';
import type { Shortcut } from './keys.js';

/** What the shortcuts use. */
export interface ShortcutInput {
  readonly state: () => ViewState;
  readonly set: (change: Partial<ViewState>) => void;
  readonly curves: { readonly zoomBy: (factor: number) => void; readonly pan: (share: number) => void };
  readonly search: () => void;
  readonly showAll: (show: boolean) => void;
}

/** The shortcuts, in the order of their list. */
export function shortcutsOf({ state, set, curves, search, showAll }: ShortcutInput): Shortcut[] {
  const next = <Value>(values: readonly Value[], value: Value, step = 1): Value | undefined =>
    values[(values.indexOf(value) + step + values.length) % values.length];
  const smooth = (step: number): void => {
    const at = smoothings.findIndex((steps) => steps >= state().smooth);
    const steps = smoothings[Math.max(0, Math.min(smoothings.length - 1, at + step))];
    if (steps !== undefined) set({ smooth: steps });
  };
  return [
    key('/', 'search the runs', search),
    key('x', 'x axis: step, epoch, seconds', () => set({ x: next(xNames, state().x) ?? 'step', zoom: null })),
    key('m', 'a curve for each run, or the mean of each arm', () =>
      set({ byArm: !state().byArm, yZoom: {} }),
    ),
    key('s', 'smooth more', () => smooth(1)),
    key('S', 'smooth less', () => smooth(-1)),
    key('l', 'logarithmic axes in all panels, or in none', () => {
      const { log, columns } = state();
      set({ log: log.length > 0 ? [] : columns, yZoom: {} });
    }),
    { keys: ['+', '='], shown: '+', about: 'zoom in', action: () => curves.zoomBy(0.5) },
    { keys: ['-', '−'], shown: '−', about: 'zoom out', action: () => curves.zoomBy(2) },
    { keys: ['ArrowLeft'], shown: '←', about: 'move left', action: () => curves.pan(-0.25) },
    { keys: ['ArrowRight'], shown: '→', about: 'move right', action: () => curves.pan(0.25) },
    key('0', 'show everything again', () => set({ zoom: null, yZoom: {} })),
    key('a', 'show all runs', () => showAll(true)),
    key('n', 'show no run', () => showAll(false)),
  ];
}

function key(name: string, about: string, action: () => void): Shortcut {
  return { keys: [name], shown: name, about, action };
}
