/** @file What the legend lists: the runs if each has its own style, or else the arms. */

import type { RunInfo, StartEvent } from '../shared/protocol.js';
import { armKey, armStyles, runLabel } from '../shared/selection.js';
import { SEVERAL_CURVES } from './chart-options.js';
import type { CurveInput } from './curve-view.js';
import { type Style, styleOf } from './curves.js';
import type { LegendEntry } from './legend.js';

/** With more runs, the list of runs is the legend. */
const MOST_RUNS = 10;
const SOLID = { dash: [1, 0] };

/** The entries of the legend; none if there would be too many. */
export function legendEntries(input: CurveInput, start: StartEvent): LegendEntry[] {
  const { shown, state, styles } = input;
  if (state.byArm) return armEntries(input, start);
  const styleOfRun = ({ key }: RunInfo): Style => styles.get(key) ?? styleOf(start, 0);
  if (new Set(shown.map((run) => JSON.stringify(styleOfRun(run)))).size === shown.length) {
    if (shown.length > MOST_RUNS) return [];
    const label = labelOf(shown);
    return shown.map((run) => ({ key: run.key, label: label(run), ...styleOfRun(run) }));
  }
  const isByArm = armEntries(input, start).every((entry) =>
    shown.some((run) => armKey(run) === entry.key && styleOfRun(run).color === entry.color),
  );
  if (!isByArm) return [];
  const entries = armEntries(input, start).map((entry) => ({ ...entry, key: null })); // each stands for several curves
  const line = shown.length > SEVERAL_CURVES ? SOLID : {};
  return [...entries, ...unplannedEntries(shown, styleOfRun)].map((entry) => ({ ...entry, ...line }));
}

/** The runs that no plan lists, such as those from `extend`. Those of a sweep have one style. */
function unplannedEntries(shown: readonly RunInfo[], styleOfRun: (run: RunInfo) => Style): LegendEntry[] {
  const unplanned = shown.filter(({ arm, status }) => arm === null && status !== 'damaged');
  return [...new Set(unplanned.map(({ group }) => group))].flatMap((group) => {
    const [first, ...others] = unplanned.filter((run) => run.group === group);
    if (!first) return [];
    const isOne = others.length === 0;
    return [
      { ...styleOfRun(first), key: isOne ? first.key : null, label: isOne ? first.key : 'not in the plan' },
    ];
  });
}

/** The arms of the shown runs. */
function armEntries({ shown, runs, groups, state }: CurveInput, start: StartEvent): LegendEntry[] {
  const indices = armStyles(runs, groups, state);
  const arms = new Map(shown.flatMap((run) => (run.arm === null ? [] : [[armKey(run), run]])));
  const hasSeveralGroups = new Set(shown.map(({ group }) => group)).size > 1;
  return [...arms].map(([key, { arm, group }]) => ({
    key,
    label: hasSeveralGroups && group !== '' ? `${group} ${arm}` : String(arm),
    ...styleOf(start, indices.get(key) ?? 0),
  }));
}

/** What labels runs: short in one sweep, else with the sweep. */
export function labelOf(shown: readonly RunInfo[]): (run: RunInfo) => string {
  return new Set(shown.map(({ group }) => group)).size === 1 ? runLabel : ({ key }) => key;
}
