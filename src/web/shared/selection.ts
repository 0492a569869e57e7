/** @file Which runs are shown, and which style each has. */

import type { GroupInfo, RunInfo } from './protocol.js';
import type { ViewState } from './view-state.js';

type Shown = Pick<ViewState, 'groups' | 'runs' | 'hidden'>;

/** Whether a run is shown. */
export function isShown(
  { key, group }: Pick<RunInfo, 'key' | 'group'>,
  { groups, runs, hidden }: Shown,
): boolean {
  return runs.includes(key) || (Boolean(groups?.includes(group)) && !hidden.includes(key));
}

/** The state with a run shown or not. */
export function withRun<State extends Shown>(
  state: State,
  run: Pick<RunInfo, 'key' | 'group'>,
  show: boolean,
): State {
  const without = (keys: readonly string[]): string[] => keys.filter((key) => key !== run.key);
  const ofGroup = Boolean(state.groups?.includes(run.group));
  return {
    ...state,
    groups: state.groups ?? [],
    runs: show && !ofGroup ? [...without(state.runs), run.key] : without(state.runs),
    hidden: !show && ofGroup ? [...without(state.hidden), run.key] : without(state.hidden),
  };
}

/** The state with all runs of a sweep shown or none. */
export function withGroup<State extends Shown>(
  state: State,
  group: string,
  runs: readonly Pick<RunInfo, 'key' | 'group'>[],
  show: boolean,
): State {
  const ofGroup = new Set(runs.filter((run) => run.group === group).map(({ key }) => key));
  const others = (state.groups ?? []).filter((name) => name !== group);
  return {
    ...state,
    groups: show ? [...others, group] : others,
    runs: state.runs.filter((key) => !ofGroup.has(key)),
    hidden: state.hidden.filter((key) => !ofGroup.has(key)),
  };
}

/** The sweep that contains the newest run, or the runs without a sweep; none without runs. */
export function newestGroup(runs: readonly Pick<RunInfo, 'group' | 'startedAt'>[]): string[] {
  const newest = runs.reduce<(typeof runs)[number] | null>(
    (best, run) => (best === null || run.startedAt > best.startedAt ? run : best),
    null,
  );
  return newest === null ? [] : [newest.group];
}

/** The name of an arm among all sweeps. */
export function armKey({ group, arm }: Pick<RunInfo, 'group' | 'arm'>): string {
  return JSON.stringify([group, arm]);
}

/**
 * The index of the style of each run: that of its arm, if arms have several runs, and otherwise its own. It depends on
 * the sweeps of the shown runs, but not on which of their runs are shown, so that colours stay.
 *
 * @param runs all runs
 * @returns indices by run key
 */
export function styleIndices(
  runs: readonly RunInfo[],
  groups: readonly GroupInfo[],
  state: Shown,
): ReadonlyMap<string, number> {
  const shownGroups = new Set(runs.filter((run) => isShown(run, state)).map(({ group }) => group));
  const candidates = sortRuns(runs, groups).filter(({ group }) => shownGroups.has(group));
  const arms = [...new Set(candidates.map(armKey))];
  const byArm = arms.length > 1 && arms.length < candidates.length;
  return new Map(candidates.map((run, index) => [run.key, byArm ? arms.indexOf(armKey(run)) : index]));
}

/** The index of the style of each arm, by `armKey`; as in `wnlstm plot` if one sweep is shown. */
export function armStyles(
  runs: readonly RunInfo[],
  groups: readonly GroupInfo[],
  state: Shown,
): ReadonlyMap<string, number> {
  const shownGroups = new Set(runs.filter((run) => isShown(run, state)).map(({ group }) => group));
  const candidates = sortRuns(runs, groups).filter(
    ({ group, arm }) => shownGroups.has(group) && arm !== null,
  );
  return new Map([...new Set(candidates.map(armKey))].map((key, index) => [key, index]));
}

/** Runs in the order of the page: by sweep, arm and seed; those without a sweep first, by their start. */
export function sortRuns(runs: readonly RunInfo[], groups: readonly GroupInfo[]): RunInfo[] {
  const places = new Map(
    groups.flatMap(({ name, arms }, group) =>
      arms.map((arm, index) => [armKey({ group: name, arm }), [group, index]]),
    ),
  );
  const placeOf = (run: RunInfo): readonly number[] =>
    run.group === ''
      ? [-1, 0]
      : (places.get(armKey(run)) ?? [groups.findIndex(({ name }) => name === run.group), 1e6]);
  return runs
    .map((run) => ({ run, place: placeOf(run) }))
    .sort(
      (a, b) =>
        (a.place[0] ?? 0) - (b.place[0] ?? 0) ||
        (a.place[1] ?? 0) - (b.place[1] ?? 0) ||
        (a.run.group === ''
          ? a.run.startedAt.localeCompare(b.run.startedAt)
          : (a.run.seed ?? 0) - (b.run.seed ?? 0)) ||
        a.run.key.localeCompare(b.run.key),
    )
    .map(({ run }) => run);
}

/** The name of a run in its sweep, such as `wn-clip, seed 3`; otherwise its key. */
export function runLabel({ key, group, arm, seed }: RunInfo): string {
  return group === '' || arm === null ? key : `${arm}, seed ${seed}`;
}
