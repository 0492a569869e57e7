/** @file The sections below the curves: the runs that are shown and what differs between them, comparisons, and logs. */

import { differingKeys } from '../shared/config-table.js';
import { duration, percent, progress } from '../shared/format.js';
import type { ComparisonAnswer, RunInfo } from '../shared/protocol.js';
import { type SectionName, sectionNames, type ViewState } from '../shared/view-state.js';
import { fetchComparison, fetchLog } from './connection.js';
import type { Style } from './curves.js';
import { byId, make, setText, tableOf } from './dom.js';

/** What the sections show. */
export interface SectionsInput {
  /** The runs that are shown, in order. */
  readonly shown: readonly RunInfo[];
  readonly runs: ReadonlyMap<string, RunInfo>;
  readonly state: ViewState;
  readonly styles: ReadonlyMap<string, Style>;
}

/** Creates the sections of index.html. Returns a function that updates them. */
export function createSections(onToggle: (name: SectionName, open: boolean) => void) {
  const details = new Map(sectionNames.map((name) => [name, byId(`section-${name}`) as HTMLDetailsElement]));
  for (const [name, element] of details) {
    element.addEventListener('toggle', () => onToggle(name, element.open));
  }
  const runs = runsSection(byId('runs-table'));
  const comparison = comparisonSection(byId('comparison'));
  const log = logSection(byId('log'));
  return (input: SectionsInput): void => {
    for (const [name, element] of details) element.open = input.state.open.includes(name);
    if (input.state.open.includes('runs')) runs(input);
    if (input.state.open.includes('comparison')) comparison(input);
    if (input.state.open.includes('log')) log(input);
  };
}

const RESULTS = ['run', 'status', 'step', 'val %', 'best val %', 'test %', 'time'] as const;

/** The table of runs, with a column for each config key in which they differ. */
function runsSection(place: HTMLElement) {
  let before = '';
  // The box is the same one every time, so that it stays where it is scrolled to.
  const [box, below] = [make('div', { class: 'wide' }), make('div', {})];
  place.append(box, below);
  return ({ shown, styles }: SectionsInput): void => {
    const state = JSON.stringify([shown, shown.map(({ key }) => styles.get(key)?.color)]);
    if (state === before) return;
    before = state;
    if (shown.length === 0) {
      box.replaceChildren(make('p', { class: 'empty' }, 'No run is shown.'));
      below.replaceChildren();
      return;
    }
    const differing = differingKeys(shown.filter(({ status }) => status !== 'damaged'));
    const known = shown.filter(({ status }) => status !== 'damaged');
    const rows = shown.map((run) => {
      const swatch = make('i', { class: 'swatch' });
      swatch.style.background = styles.get(run.key)?.color ?? '';
      return [
        make('span', { class: 'run' }, swatch, run.key),
        make('span', { class: 'status', 'data-status': run.status }, run.status),
        progress(run.step, run.totalSteps),
        percent(run.valAccuracy),
        percent(run.bestValAccuracy),
        percent(run.testAccuracy),
        duration(run.seconds),
        ...differing.map(({ values }) => values[known.indexOf(run)] ?? '–'),
      ];
    });
    const problems = shown.flatMap(({ key, problem }) => (problem === null ? [] : [`${key}: ${problem}`]));
    box.replaceChildren(tableOf([[...RESULTS, ...differing.map(({ name }) => name)], ...rows]));
    below.replaceChildren(
      make('p', { class: 'faint' }, differingText(shown.length, differing.length)),
      ...problems.map((text) => make('p', { class: 'problem' }, text)),
    );
  };
}

function differingText(runs: number, keys: number): string {
  if (runs === 1) return 'Show several runs to see what differs between their configs.';
  if (keys === 0) return 'The configs and environments of these runs are equal.';
  return 'The columns after time are the config keys, and properties of the environment, in which these runs differ.';
}

/** The comparison of each sweep that is shown completely, or of the runs that are shown. */
function comparisonSection(place: HTMLElement) {
  let before = '';
  return async ({ shown, state }: SectionsInput): Promise<void> => {
    const wanted = comparisonsOf(shown, state);
    const request = JSON.stringify([
      wanted,
      shown.map(({ key, status, testAccuracy }) => [key, status, testAccuracy]),
    ]);
    if (request === before) return;
    before = request;
    if (wanted.length === 0) {
      place.replaceChildren(make('p', { class: 'empty' }, 'No run is shown.'));
      return;
    }
    if (place.childElementCount === 0) place.replaceChildren(make('p', { class: 'faint' }, 'Comparing …'));
    const parts = await Promise.all(
      wanted.map(async ({ title, group, keys }) => {
        const answer = await fetchComparison(group, keys).catch(
          (error: Error): ComparisonAnswer => ({ kind: 'none', reason: error.message, hint: null }),
        );
        return [make('h3', {}, title), ...comparisonElements(answer)];
      }),
    );
    if (request === before) place.replaceChildren(...parts.flat());
  };
}

interface WantedComparison {
  readonly title: string;
  readonly group: string | null;
  readonly keys: readonly string[];
}

function comparisonsOf(shown: readonly RunInfo[], { groups, hidden }: ViewState): WantedComparison[] {
  const complete = (groups ?? []).filter(
    (name) => name !== '' && hidden.length === 0 && shown.some(({ group }) => group === name),
  );
  const others = shown.filter(({ group }) => !complete.includes(group));
  return [
    ...complete.map((group) => ({ title: group, group, keys: [] })),
    ...(others.length > 0
      ? [{ title: 'The runs that are shown', group: null, keys: others.map(({ key }) => key) }]
      : []),
  ];
}

function comparisonElements(answer: ComparisonAnswer): HTMLElement[] {
  if (answer.kind === 'none') {
    return [make('p', { class: 'faint' }, [answer.reason, answer.hint].filter(Boolean).join(' '))];
  }
  const image = make('img', { alt: 'The differences with their intervals; the table has the same numbers.' });
  if (answer.svg !== null) image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(answer.svg)}`;
  return [
    ...answer.tables.map(({ grid, kinds }) =>
      make(
        'div',
        { class: `wide comparison${grid[0]?.at(-1) === 'verdict' ? ' verdicts' : ''}` },
        tableOf(
          grid,
          kinds.map((kind) => kind.replace(' ', '-')),
        ),
      ),
    ),
    ...(answer.svg === null ? [] : [make('div', { class: 'wide figure' }, image)]),
    ...answer.notes.map((note) => make('p', {}, note)),
    make(
      'details',
      { class: 'footnotes' },
      make('summary', {}, 'How to read the tables'),
      ...answer.footnotes.map((note) => make('p', { class: 'faint' }, note)),
    ),
  ];
}

/** The log of the chosen run, or of the first failed one. */
function logSection(place: HTMLElement) {
  let before = '';
  const title = make('h3', {});
  const reason = make('p', { class: 'problem' });
  const text = make('pre', { tabindex: 0 });
  const note = make('p', { class: 'faint' });
  return async ({ shown, runs, state }: SectionsInput): Promise<void> => {
    const run =
      (state.logOf === null ? null : runs.get(state.logOf)) ??
      shown.find(({ status }) => status === 'failed');
    const request = JSON.stringify([run?.key, run?.status, run?.problem, run?.step]);
    if (request === before) return;
    before = request;
    if (!run) {
      place.replaceChildren(
        make('p', { class: 'empty' }, 'No failed run is shown. The button "log" of a run shows its log.'),
      );
      return;
    }
    const answer = await fetchLog(run.key).catch((error: Error) => ({
      path: null,
      text: '',
      cut: false,
      error,
    }));
    if (request !== before) return;
    const wasAtEnd =
      title.textContent !== run.key || text.scrollTop + text.clientHeight >= text.scrollHeight - 2;
    setText(title, run.key);
    setText(reason, run.problem ?? '');
    setText(text, answer.text);
    text.hidden = answer.text === '';
    setText(note, logNote(answer, run));
    if (title.parentElement === null) place.replaceChildren(title, reason, text, note);
    if (wasAtEnd) text.scrollTop = text.scrollHeight;
  };
}

function logNote(
  { path, cut }: { readonly path: string | null; readonly cut: boolean },
  { status }: RunInfo,
): string {
  if (path !== null) return `${cut ? 'The end of ' : ''}${path}`;
  return status === 'failed'
    ? 'It has no log: runs that `wnlstm train` starts print their messages in its terminal.'
    : 'It has no log.';
}
