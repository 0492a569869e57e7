/** @file The list of all runs by sweep: their status and progress, and which of them are shown. It is also the legend. */

import { duration, percent, progress } from '../shared/format.js';
import type { GroupInfo, RunInfo } from '../shared/protocol.js';
import { isShown, runLabel, sortRuns } from '../shared/selection.js';
import type { ViewState } from '../shared/view-state.js';
import type { Style } from './curves.js';
import { make, setText } from './dom.js';

/** What the list shows. */
export interface ListInput {
  readonly runs: readonly RunInfo[];
  readonly groups: readonly GroupInfo[];
  readonly state: ViewState;
  readonly styles: ReadonlyMap<string, Style>;
}

/** What the user does in the list. */
export interface ListActions {
  readonly onRun: (run: RunInfo, show: boolean) => void;
  readonly onGroup: (group: string, show: boolean) => void;
  /** Shows only this run. */
  readonly onOnly: (run: RunInfo) => void;
  readonly onLog: (run: RunInfo) => void;
  readonly onHover: (key: string | null) => void;
}

interface Item {
  readonly element: HTMLElement;
  readonly update: (run: RunInfo, input: ListInput) => void;
}

interface Section {
  readonly element: HTMLElement;
  readonly list: HTMLElement;
  readonly update: (runs: readonly RunInfo[], input: ListInput) => void;
}

/** Creates the list in an element. */
export function createRunList(place: HTMLElement, search: HTMLInputElement, actions: ListActions) {
  const items = new Map<string, Item>();
  const sections = new Map<string, Section>();
  const empty = make('p', { class: 'empty' });
  let last: ListInput | null = null;

  const update = (input: ListInput): void => {
    last = input;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const sorted = sortRuns(input.runs, input.groups);
    const names = [
      ...new Set(['', ...input.groups.map(({ name }) => name), ...sorted.map(({ group }) => group)]),
    ];
    for (const [key, { element }] of items) {
      if (sorted.some((run) => run.key === key)) continue;
      element.remove();
      items.delete(key);
    }
    for (const [name, { element }] of sections) {
      if (names.includes(name)) continue;
      element.remove();
      sections.delete(name);
    }
    let matches = 0;
    for (const [position, name] of names.entries()) {
      const ofGroup = sorted.filter(({ group }) => group === name);
      const section = sections.get(name) ?? createSection(name, actions);
      sections.set(name, section);
      const isEmpty = name === '' && ofGroup.length === 0;
      const shown = ofGroup.filter((run) => matchesAll(run, words));
      section.element.hidden = isEmpty || (words.length > 0 && shown.length === 0);
      matches += shown.length;
      section.update(ofGroup, input);
      inOrder(place, section.element, position);
      for (const [index, run] of ofGroup.entries()) {
        const item = items.get(run.key) ?? createItem(run, actions);
        items.set(run.key, item);
        item.update(run, input);
        item.element.hidden = !shown.includes(run);
        inOrder(section.list, item.element, index);
      }
    }
    setText(empty, emptyText(input.runs.length, matches, search.value));
    empty.hidden = input.runs.length > 0 && matches > 0;
    if (empty.parentElement === null) place.append(empty);
  };

  search.addEventListener('input', () => last && update(last));
  place.addEventListener('keydown', (event) => moveFocus(place, event));
  return {
    update,
    /** Marks the run whose curve is at the pointer. */
    emphasise: (hovered: string | null): void => {
      for (const [key, { element }] of items) element.classList.toggle('hovered', key === hovered);
    },
  };
}

/** Moves an element to a position among its siblings, unless it is there, because moving it would lose the focus. */
function inOrder(parent: HTMLElement, element: HTMLElement, position: number): void {
  if (parent.children[position] !== element) parent.insertBefore(element, parent.children[position] ?? null);
}

/** Whether a run has all words in its name, arm, seed or status. A number must be complete, such as that of a seed. */
function matchesAll(run: RunInfo, words: readonly string[]): boolean {
  const text = `${run.key} ${run.arm ?? ''} ${run.status} seed ${run.seed}`.toLowerCase();
  const parts = text.split(/[^\p{L}\p{N}.]+/u);
  return words.every((word) => (/^\d+$/.test(word) ? parts.includes(word) : text.includes(word)));
}

function emptyText(count: number, matches: number, search: string): string {
  if (count === 0) return 'There is no run yet. Runs appear here as soon as they start.';
  return matches === 0 ? `No run matches ${search}.` : '';
}

/** The arrow keys move the focus among the boxes that are visible. */
function moveFocus(place: HTMLElement, event: KeyboardEvent): void {
  const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 };
  const step = steps[event.key];
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const boxes = [...place.querySelectorAll<HTMLInputElement>('input[type=checkbox]')].filter(
    (box) => box.offsetParent !== null,
  );
  const at = boxes.findIndex(
    (box) => box === document.activeElement || box.closest('li, header')?.contains(document.activeElement),
  );
  boxes[Math.max(0, Math.min(boxes.length - 1, at + step))]?.focus();
  event.preventDefault();
  event.stopPropagation();
}

function createSection(name: string, actions: ListActions): Section {
  const box = make('input', { type: 'checkbox', id: `group-${name}` });
  const counts = make('span', { class: 'counts' });
  const problem = make('p', { class: 'problem', hidden: true });
  const toggle = make('button', {
    type: 'button',
    class: 'fold',
    'aria-expanded': 'true',
    'aria-label': 'Fold',
  });
  const list = make('ul', {});
  const title = name === '' ? 'single runs' : name;
  const element = make(
    'section',
    { class: 'group' },
    make('header', {}, toggle, make('label', {}, box, make('strong', {}, title)), counts),
    problem,
    list,
  );
  box.addEventListener('change', () => actions.onGroup(name, box.checked));
  toggle.addEventListener('click', () => {
    list.hidden = !list.hidden;
    toggle.setAttribute('aria-expanded', String(!list.hidden));
  });
  return {
    element,
    list,
    update: (runs, { state, groups }) => {
      const shown = runs.filter((run) => isShown(run, state)).length;
      box.checked = shown > 0 && shown === runs.length;
      box.indeterminate = shown > 0 && shown < runs.length;
      const group = groups.find((each) => each.name === name);
      setText(counts, countsOf(runs, group));
      setText(problem, group?.problem ?? '');
      problem.hidden = !group?.problem;
    },
  };
}

/** The number of runs by status, and the time left, such as "18 of 24 completed, 2 running, ETA 12.1 s". */
function countsOf(runs: readonly RunInfo[], group: GroupInfo | undefined): string {
  const by = new Map<string, number>();
  for (const { status } of runs) by.set(status, (by.get(status) ?? 0) + 1);
  const completed = by.get('completed') ?? 0;
  by.delete('completed');
  const total = Math.max(group?.planned ?? 0, runs.length);
  const others = [...by].map(([status, count]) => `${count} ${status}`);
  const left = group?.secondsLeft ?? null;
  const eta = left === null ? [] : [`ETA ${duration(left)}`];
  return [`${completed} of ${total} completed`, ...others, ...eta].join(', ');
}

function createItem(first: RunInfo, actions: ListActions): Item {
  let current = first;
  const box = make('input', { type: 'checkbox' });
  const swatch = make('i', { class: 'swatch' });
  const name = make('span', { class: 'name' });
  const status = make('span', { class: 'status' });
  const fill = make('i', {});
  const bar = make('span', { class: 'bar' }, fill);
  const steps = make('span', { class: 'steps' });
  const value = make('span', { class: 'value' });
  const only = make('button', { type: 'button', class: 'small', title: 'Show only this run' }, 'only');
  const log = make('button', { type: 'button', class: 'small', hidden: true }, 'log');
  const element = make(
    'li',
    {},
    make('label', {}, box, swatch, name),
    make('span', { class: 'tools' }, only, log),
    make('span', { class: 'state' }, status, bar, steps, value),
  );
  box.addEventListener('change', () => actions.onRun(current, box.checked));
  only.addEventListener('click', () => actions.onOnly(current));
  log.addEventListener('click', () => actions.onLog(current));
  element.addEventListener('mouseenter', () => actions.onHover(current.key));
  element.addEventListener('mouseleave', () => actions.onHover(null));
  return {
    element,
    update: (run, { state, styles }) => {
      current = run;
      const show = isShown(run, state);
      const style = styles.get(run.key);
      box.checked = show;
      element.classList.toggle('shown', show);
      swatch.style.background = show && style ? style.color : '';
      setText(name, runLabel(run));
      name.title = run.key;
      setText(status, run.status);
      status.dataset.status = run.status;
      status.title = run.problem ?? '';
      bar.hidden = run.status === 'completed' || run.totalSteps === null;
      fill.style.width = `${run.totalSteps ? Math.min(100, (100 * run.step) / run.totalSteps) : 0}%`;
      setText(steps, bar.hidden ? '' : `${Math.floor((100 * run.step) / (run.totalSteps ?? 1))} %`);
      bar.title = progress(run.step, run.totalSteps);
      setText(value, run.valAccuracy === null ? '' : `val ${percent(run.valAccuracy)} %`);
      log.hidden = !(run.hasLog || run.problem !== null);
    },
  };
}
