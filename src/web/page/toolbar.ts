/** @file The controls above the curves. */

import { bandNames, smoothings, type ViewState, xNames } from '../shared/view-state.js';
import { make } from './dom.js';

/** What the controls do. */
export interface ToolbarActions {
  readonly set: (change: Partial<ViewState>) => void;
  readonly zoomBy: (factor: number) => void;
  readonly pan: (share: number) => void;
  readonly reset: () => void;
}

const BANDS = {
  ci: '95 % interval',
  sd: 'standard deviation',
  range: 'lowest to highest',
} as const;

/** Creates the controls in an element. Returns a function that updates them. */
export function createToolbar(place: HTMLElement, columns: readonly string[], actions: ToolbarActions) {
  const { set } = actions;
  const x = choice('x axis', xNames, (value) => set({ x: value, zoom: null }));
  const by = choice('curves', ['run', 'arm'], (value) => set({ byArm: value === 'arm', yZoom: {} }));
  const band = selection(
    'band',
    bandNames.map((name) => [name, BANDS[name]]),
    (value) => set({ band: bandNames.find((name) => name === value) ?? 'ci' }),
  );
  const smooth = selection(
    'smoothing',
    smoothings.map((steps) => [String(steps), steps === 0 ? 'none' : `${steps} steps`]),
    (value) => set({ smooth: Number(value) }),
  );
  const boxes = columns.map((name) => make('input', { type: 'checkbox', value: name }));
  const menu = make(
    'details',
    { class: 'menu' },
    make('summary', {}, 'columns'),
    make('div', { class: 'choices' }, ...boxes.map((box) => make('label', {}, box, box.value))),
  );
  for (const box of boxes) {
    box.addEventListener('change', () =>
      set({ columns: boxes.filter((each) => each.checked).map(({ value }) => value) }),
    );
  }
  document.addEventListener('pointerdown', ({ target }) => {
    if (target instanceof Node && !menu.contains(target)) menu.open = false;
  });
  menu.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return;
    menu.open = false;
    menu.querySelector('summary')?.focus();
  });
  const button = (text: string, title: string, action: () => void): HTMLButtonElement =>
    make('button', { type: 'button', title, 'aria-label': title, onclick: action }, text);
  const reset = button('reset', 'Show all again (0)', actions.reset);
  const zoom = make(
    'div',
    { class: 'buttons', role: 'group', 'aria-label': 'zoom' },
    button('←', 'Move left (arrow key)', () => actions.pan(-0.25)),
    button('→', 'Move right (arrow key)', () => actions.pan(0.25)),
    button('−', 'Zoom out (−)', () => actions.zoomBy(2)),
    button('+', 'Zoom in (+)', () => actions.zoomBy(0.5)),
    reset,
  );
  place.append(x.element, by.element, band.element, smooth.element, menu, zoom);

  return (state: ViewState): void => {
    x.show(state.x);
    by.show(state.byArm ? 'arm' : 'run');
    band.show(state.band);
    band.element.hidden = !state.byArm;
    smooth.show(String(state.smooth));
    for (const box of boxes) box.checked = state.columns.includes(box.value);
    reset.disabled = state.zoom === null && Object.keys(state.yZoom).length === 0;
  };
}

/** Buttons of which one is chosen. */
function choice<Name extends string>(title: string, names: readonly Name[], onChange: (name: Name) => void) {
  const inputs = names.map((name) => make('input', { type: 'radio', name: title, value: name }));
  for (const [index, name] of names.entries())
    inputs[index]?.addEventListener('change', () => onChange(name));
  const element = make(
    'fieldset',
    { class: 'choice' },
    make('legend', {}, title),
    ...inputs.map((input) => make('label', {}, input, make('span', {}, input.value))),
  );
  return {
    element,
    show: (name: Name): void => {
      for (const input of inputs) input.checked = input.value === name;
    },
  };
}

function selection(
  title: string,
  options: readonly (readonly [value: string, text: string])[],
  onChange: (value: string) => void,
) {
  const select = make('select', {}, ...options.map(([value, text]) => make('option', { value }, text)));
  select.addEventListener('change', () => onChange(select.value));
  return {
    element: make('label', { class: 'selection' }, make('span', {}, title), select),
    show: (value: string): void => {
      if (![...select.options].some((option) => option.value === value))
        select.append(make('option', { value }, `${value} steps`));
      select.value = value;
    },
  };
}
