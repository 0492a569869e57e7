/** @file What the page shows, and its form in the hash of the URL, so that a reload and a copied address keep the view. */

export const xNames = ['step', 'epoch', 'seconds'] as const;
export const bandNames = ['ci', 'sd', 'range'] as const;
export const sectionNames = ['runs', 'comparison', 'log'] as const;
/** The choices of smoothing, in steps. */
export const smoothings = [0, 50, 100, 200, 500, 1000] as const;

export type XName = (typeof xNames)[number];
export type BandName = (typeof bandNames)[number];
export type SectionName = (typeof sectionNames)[number];
export type Range = readonly [low: number, high: number];

/** What the page shows. */
export interface ViewState {
  /** The sweeps whose runs are shown, by name; the empty name stands for all runs without a sweep. Null: not chosen yet. */
  readonly groups: readonly string[] | null;
  /** The keys of runs that are shown besides. */
  readonly runs: readonly string[];
  /** The keys of runs that are not shown, although their sweep is. */
  readonly hidden: readonly string[];
  readonly columns: readonly string[];
  readonly x: XName;
  /** Whether each arm is one curve, with a band, instead of each run. */
  readonly byArm: boolean;
  readonly band: BandName;
  /** Number of steps; 0 for no smoothing. */
  readonly smooth: number;
  /** The columns with a logarithmic axis. */
  readonly log: readonly string[];
  /** The visible part of the x axis; null: all. */
  readonly zoom: Range | null;
  /** The visible part of the y axis by column. */
  readonly yZoom: Readonly<Record<string, Range>>;
  /** The open sections below the curves. */
  readonly open: readonly SectionName[];
  /** The run whose log is shown. */
  readonly logOf: string | null;
}

export const defaultState: ViewState = {
  groups: null,
  runs: [],
  hidden: [],
  columns: ['loss', 'accuracy', 'val_loss', 'val_accuracy'],
  x: 'step',
  byArm: false,
  band: 'ci',
  smooth: 0,
  log: [],
  zoom: null,
  yZoom: {},
  open: ['runs'],
  logOf: null,
};

/** The state as the hash of a URL, without `#`. Values that are the default are left out. */
export function formatState(state: ViewState): string {
  const parts: [name: string, value: string][] = [];
  const add = (name: string, value: string, standard: string): void => {
    if (value !== standard) parts.push([name, value]);
  };
  const list = (values: readonly string[]): string => values.map(encodeURIComponent).join(',');
  const range = (value: Range | null): string => value?.map(shortNumber).join(',') ?? '';
  if (state.groups !== null)
    parts.push(['sweeps', state.groups.map((name) => `/${encodeURIComponent(name)}`).join('')]);
  add('runs', list(state.runs), '');
  add('hidden', list(state.hidden), '');
  add('columns', list(state.columns), list(defaultState.columns));
  add('x', state.x, defaultState.x);
  add('by', state.byArm ? 'arm' : 'run', 'run');
  add('band', state.band, defaultState.band);
  add('smooth', String(state.smooth), '0');
  add('log', list(state.log), '');
  add('zoom', range(state.zoom), '');
  for (const [column, value] of Object.entries(state.yZoom)) {
    parts.push([`y.${encodeURIComponent(column)}`, range(value)]);
  }
  add('open', list(state.open), list(defaultState.open));
  if (state.logOf !== null) parts.push(['logOf', encodeURIComponent(state.logOf)]);
  return parts.map(([name, value]) => `${name}=${value}`).join('&');
}

/** The state that a hash describes. What is unknown or malformed in it becomes the default. */
export function parseState(hash: string): ViewState {
  const values = new Map<string, string>();
  for (const part of hash.replace(/^#/, '').split('&')) {
    const at = part.indexOf('=');
    if (at > 0) values.set(part.slice(0, at), part.slice(at + 1));
  }
  const list = (name: string): string[] | null => {
    const text = values.get(name);
    return text === undefined ? null : text.split(',').filter(Boolean).map(decoded);
  };
  const oneOf = <Name extends string>(names: readonly Name[], name: string, standard: Name): Name =>
    names.find((each) => each === values.get(name)) ?? standard;
  const sweeps = values.get('sweeps');
  const smooth = Number(values.get('smooth') ?? 0);
  return {
    groups: sweeps === undefined ? null : sweeps.split('/').slice(1).map(decoded),
    runs: list('runs') ?? [],
    hidden: list('hidden') ?? [],
    columns: list('columns') ?? defaultState.columns,
    x: oneOf(xNames, 'x', defaultState.x),
    byArm: values.get('by') === 'arm',
    band: oneOf(bandNames, 'band', defaultState.band),
    smooth: Number.isSafeInteger(smooth) && smooth >= 0 && smooth <= 1e6 ? smooth : 0,
    log: list('log') ?? [],
    zoom: rangeOf(values.get('zoom')),
    yZoom: Object.fromEntries(
      [...values].flatMap(([name, text]) => {
        const range = name.startsWith('y.') ? rangeOf(text) : null;
        return range ? [[decoded(name.slice(2)), range] as const] : [];
      }),
    ),
    open:
      list('open')?.flatMap((name) => sectionNames.filter((known) => known === name)) ?? defaultState.open,
    logOf: values.has('logOf') ? decoded(values.get('logOf') ?? '') : null,
  };
}

/** A part of a URL; the text itself if its escapes are malformed. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function rangeOf(text: string | undefined): Range | null {
  const [low = Number.NaN, high = Number.NaN, ...rest] = (text ?? '').split(',').map(Number);
  return low < high && rest.length === 0 && Number.isFinite(low) && Number.isFinite(high)
    ? [low, high]
    : null;
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}
