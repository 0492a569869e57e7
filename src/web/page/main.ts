/** @file The page: its state, what changes it, and when which part is drawn again. */

import { duration } from '../shared/format.js';
import type { GroupInfo, RunInfo, RunsEvent, StartEvent } from '../shared/protocol.js';
import { isShown, newestGroup, sortRuns, styleIndices, withGroup, withRun } from '../shared/selection.js';
import { formatState, parseState, type SectionName, type ViewState } from '../shared/view-state.js';
import { connect } from './connection.js';
import { createCurveView } from './curve-view.js';
import { styleOf } from './curves.js';
import { byId, make, setText } from './dom.js';
import { installShortcuts } from './keys.js';
import { createRunList } from './run-list.js';
import { createSections } from './sections.js';
import { shortcutsOf } from './shortcuts.js';
import { onThemeChange } from './theme.js';
import { createToolbar } from './toolbar.js';

let state: ViewState = parseState(location.hash);
const runs = new Map<string, RunInfo>();
let groups: readonly GroupInfo[] = [];
let hovered: string | null = null;
/** What is to be drawn before the next frame. */
const stale = { page: false, curves: false, hover: false };
/** The time between two drawings of new data: at least so long, and so many times as long as drawing takes. */
const LEAST_MS = 100;
const REST = 4;
let nextDataAt = 0;
let dataIsWaiting = false;
let drawPage: ((parts: typeof stale) => void) | null = null;
let view: ReturnType<typeof createCurveView> | null = null;

connect({
  onStart: (event) => {
    if (drawPage === null) drawPage = createPage(event);
    else view?.refresh();
  },
  onRuns: applyRuns,
  onRows: (events) => {
    for (const event of events) view?.applyRows(event);
  },
  onConnection: showConnection,
});
window.addEventListener('hashchange', () => {
  state = parseState(location.hash);
  showNewest();
  changed();
});

function set(change: Partial<ViewState>): void {
  state = { ...state, ...change };
  history.replaceState(null, '', `#${formatState(state)}`);
  changed();
}

/** Draws the page, its curves or only the emphasis before the next frame, however often it is called. */
function changed(part: keyof typeof stale = 'page'): void {
  if (!Object.values(stale).includes(true)) requestAnimationFrame(draw);
  stale[part] = true;
}

function draw(): void {
  const parts = { ...stale };
  Object.assign(stale, { page: false, curves: false, hover: false });
  const started = performance.now();
  drawPage?.(parts);
  const ended = performance.now();
  if (parts.page || parts.curves) nextDataAt = ended + Math.max(LEAST_MS, REST * (ended - started));
}

/** Draws new data, but not so often that the page would not react to the user. */
function dataChanged(): void {
  if (dataIsWaiting) return;
  dataIsWaiting = true;
  const drawData = (): void => {
    dataIsWaiting = false;
    changed('curves');
  };
  setTimeout(drawData, Math.max(0, nextDataAt - performance.now()));
}

function applyRuns(event: RunsEvent): void {
  const gone = event.complete
    ? [...runs.keys()].filter((key) => !event.runs.some((run) => run.key === key))
    : event.removed;
  for (const key of gone) {
    runs.delete(key);
    view?.forget(key);
  }
  if (gone.length > 0)
    announce(gone.length === 1 ? `${gone[0]} was removed.` : `${gone.length} runs were removed.`);
  for (const run of event.runs) runs.set(run.key, run);
  groups = event.groups;
  showNewest();
  changed();
}

/** Shows the newest runs if the address names none. */
function showNewest(): void {
  const isUnknown = state.groups === null && state.runs.length === 0;
  if (isUnknown && runs.size > 0) set({ groups: newestGroup([...runs.values()]) });
}

function createPage(start: StartEvent): (parts: typeof stale) => void {
  setText(byId('folder'), start.folder);
  const columns = [...new Set([...start.columns['steps.csv'], ...start.columns['metrics.csv']])].filter(
    (name) => name !== 'step' && name !== 'epoch',
  );
  const hover = (key: string | null): void => {
    if (hovered === key) return;
    hovered = key;
    changed('hover');
  };
  const curves = createCurveView(byId('panels'), byId('legend'), start, {
    set,
    onChange: dataChanged,
    onHover: hover,
  });
  view = curves;
  const openLog = ({ key }: RunInfo): void => {
    set({ logOf: key, open: [...new Set<SectionName>([...state.open, 'log'])] });
    setDrawer(false);
    requestAnimationFrame(() => byId('section-log').scrollIntoView({ block: 'nearest' }));
  };
  const list = createRunList(byId('runs'), byId('search') as HTMLInputElement, {
    onRun: (run, show) => set(withRun(state, run, show)),
    onGroup: (group, show) => set(withGroup(state, group, [...runs.values()], show)),
    onOnly: (run) => set({ groups: [], runs: [run.key], hidden: [] }),
    onLog: openLog,
    onHover: hover,
  });
  const updateToolbar = createToolbar(byId('toolbar'), columns, {
    set,
    zoomBy: curves.zoomBy,
    pan: curves.pan,
    reset: () => set({ zoom: null, yZoom: {} }),
  });
  const updateSections = createSections((name, open) => {
    if (state.open.includes(name) === open) return;
    set({ open: open ? [...state.open, name] : state.open.filter((each) => each !== name) });
  });
  const showKeys = installShortcuts(
    shortcutsOf({
      state: () => state,
      set,
      curves,
      search: () => {
        setDrawer(true);
        byId('search').focus();
      },
      showAll: (show) =>
        set({
          groups: show ? [...new Set([...runs.values()].map(({ group }) => group))] : [],
          runs: [],
          hidden: [],
        }),
    }),
  );
  byId('keys').addEventListener('click', showKeys);
  byId('skip').addEventListener('click', (event) => {
    event.preventDefault(); // the hash of the address is the view
    byId('panels').querySelector<HTMLElement>('.plot')?.focus();
  });
  byId('drawer').addEventListener('click', () => setDrawer(!document.body.classList.contains('drawer')));
  byId('close').addEventListener('click', () => setDrawer(false));
  onThemeChange(() => {
    changed();
    curves.restyle();
  });
  new ResizeObserver(() => changed()).observe(byId('panels'));
  byId('loading').remove();

  return (parts) => {
    const all = [...runs.values()];
    const shown = sortRuns(all, groups).filter((run) => isShown(run, state));
    const styles = new Map(
      [...styleIndices(all, groups, state)].map(([key, index]) => [key, styleOf(start, index)]),
    );
    if (parts.page || parts.curves) curves.draw({ shown, runs: all, groups, state, styles, hovered });
    else curves.emphasise(hovered);
    list.emphasise(hovered);
    if (!parts.page) return;
    updateToolbar(state);
    list.update({ runs: all, groups, state, styles });
    updateSections({ shown, runs, state, styles });
    showCounts(all, shown.length);
  };
}

/** The number of runs that are shown and that train, and the time until the last sweep ends. */
function showCounts(all: readonly RunInfo[], shown: number): void {
  const running = all.filter(({ status }) => status === 'running').length;
  const left = Math.max(...groups.map(({ secondsLeft }) => secondsLeft ?? 0));
  const state = [
    ...(running > 0 ? [`${running} running`] : []),
    ...(left > 0 ? [`ETA ${duration(left)}`] : []),
  ].join(', ');
  setText(byId('shown'), `${shown} of ${all.length} shown${state === '' ? '' : ', '}`);
  setText(byId('state'), state);
  document.body.classList.toggle('training', running > 0);
  document.title = running > 0 ? `(${running}) wnlstm` : 'wnlstm';
}

/** On narrow screens the list is a drawer. */
function setDrawer(open: boolean): void {
  document.body.classList.toggle('drawer', open);
  byId('drawer').setAttribute('aria-expanded', String(open));
}

function showConnection(connected: boolean | null): void {
  const element = byId('connection');
  element.hidden = connected === true;
  if (connected === true) return;
  element.replaceChildren(
    connected === false
      ? 'The connection is lost. Trying again …'
      : make(
          'span',
          {},
          'The server has ended. Run ',
          make('code', {}, 'wnlstm watch --web'),
          ' again and open the address that it prints.',
        ),
  );
}

/** Says something for a moment, also to screen readers. */
function announce(text: string): void {
  const element = byId('announcement');
  setText(element, text);
  element.classList.add('visible');
  setTimeout(() => element.classList.remove('visible'), 4000);
}
