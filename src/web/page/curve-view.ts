/** @file All panels of curves: which there are, what each draws, and zooming. */

import type { GroupInfo, RowsEvent, RunInfo, StartEvent } from '../shared/protocol.js';
import { armKey, armStyles } from '../shared/selection.js';
import type { Range, ViewState } from '../shared/view-state.js';
import { createArmAnswers } from './arm-answers.js';
import { createRunCurves, curveOfArm, extentOf, fileOf, type Style, styleOf } from './curves.js';
import { createLegend } from './legend.js';
import { labelOf, legendEntries } from './legend-entries.js';
import { type Curve, createPanel, type Panel, type PanelActions } from './panel.js';
import { createRowStore } from './rows.js';

/** What the panels show. */
export interface CurveInput {
  /** The runs that are shown, in order. */
  readonly shown: readonly RunInfo[];
  readonly runs: readonly RunInfo[];
  readonly groups: readonly GroupInfo[];
  readonly state: ViewState;
  readonly styles: ReadonlyMap<string, Style>;
  readonly hovered: string | null;
}

/** What the panels change. */
export interface CurveActions extends Pick<PanelActions, 'onHover'> {
  readonly set: (change: Partial<ViewState>) => void;
  /** Asks for drawing. */
  readonly onChange: () => void;
}

/** Creates the panels and the legend in two elements. */
export function createCurveView(
  place: HTMLElement,
  legendPlace: HTMLElement,
  start: StartEvent,
  actions: CurveActions,
) {
  const updateLegend = createLegend(legendPlace, actions.onHover);
  const rows = createRowStore(actions.onChange);
  const arms = createArmAnswers(actions.onChange);
  const runCurves = createRunCurves(start, rows);
  const panels = new Map<string, Panel>();
  let last: CurveInput | null = null;
  let extent: Range = [0, 1];

  const panelActions: PanelActions = {
    onZoom: (column, zoom, y) => {
      if (!last) return;
      const { [column]: _, ...others } = last.state.yZoom;
      const isAll = zoom[0] <= extent[0] && zoom[1] >= extent[1];
      actions.set({ zoom: isAll ? null : zoom, yZoom: y ? { ...last.state.yZoom, [column]: y } : others });
    },
    onReset: () => actions.set({ zoom: null, yZoom: {} }),
    onLog: (column) => {
      if (!last) return;
      const { log, yZoom } = last.state;
      const { [column]: _, ...others } = yZoom;
      actions.set({
        log: log.includes(column) ? log.filter((name) => name !== column) : [...log, column],
        yZoom: others,
      });
    },
    onHover: actions.onHover,
  };

  const draw = (input: CurveInput): void => {
    last = input;
    const { state, hovered } = input;
    for (const [column, panel] of panels) {
      if (state.columns.includes(column)) continue;
      panel.remove();
      panels.delete(column);
    }
    const curves = new Map(state.columns.map((column) => [column, curvesOf(column, input)]));
    updateLegend(legendEntries(input, start), state.byArm ? state.band : null);
    const isLive = input.shown.some(({ status }) => status === 'running');
    extent = extentOf([...curves.values()].flat(), isLive) ?? [0, 1];
    for (const [index, column] of state.columns.entries()) {
      const panel = panels.get(column) ?? createPanel(column, panelActions);
      if (!panels.has(column)) panels.set(column, panel);
      if (place.children[index] !== panel.element)
        place.insertBefore(panel.element, place.children[index] ?? null);
      panel.draw(curves.get(column) ?? [], {
        x: state.x,
        xRange: state.zoom ?? extent,
        yZoom: state.yZoom[column] ?? null,
        isLog: state.log.includes(column),
        withoutCurves: withoutCurves(input),
        remark: remarkOf(column, state),
        emphasis: hovered,
      });
    }
  };

  const curvesOf = (column: string, input: CurveInput): Curve[] => {
    const { shown, state, styles } = input;
    if (state.byArm) return armCurvesOf(column, input);
    const label = labelOf(shown);
    return shown.flatMap((run) => {
      const style = styles.get(run.key) ?? styleOf(start, 0);
      return runCurves(run, column, state, label(run), style) ?? [];
    });
  };

  const armCurvesOf = (column: string, { shown, runs, groups, state }: CurveInput): Curve[] => {
    const indices = armStyles(runs, groups, state);
    const groupsShown = [...new Set(shown.map(({ group }) => group))];
    const found = new Map(
      groupsShown.flatMap((group) =>
        arms
          .curvesOf(group, state)
          .filter((curve) => curve.column === column)
          .map((curve) => [armKey({ group, arm: curve.arm }), curve]),
      ),
    );
    return [...new Set(shown.map(armKey))].flatMap((key) => {
      const curve = found.get(key);
      return curve ? [curveOfArm(curve, key, styleOf(start, indices.get(key) ?? 0))] : [];
    });
  };

  /** Rows tell of runs that are drawn by arm, too: the server then has new curves. */
  const applyRows = (event: RowsEvent): void => {
    rows.apply(event);
    const run = last?.runs.find(({ key }) => key === event.run);
    if (!run) return;
    arms.markOld(run.group);
    if (last?.state.byArm) actions.onChange();
  };

  const remarkOf = (column: string, { smooth }: ViewState): string =>
    smooth > 0 && fileOf(start, column) === 'steps.csv' ? `mean of ${smooth} steps` : '';

  const zoomTo = (from: number, to: number): void => {
    const room = extent[1] - extent[0];
    const width = Math.min(room, Math.max(room * 1e-4, to - from));
    const low = Math.min(Math.max(extent[0], from), extent[1] - width);
    actions.set({ zoom: width >= room ? null : [low, low + width] });
  };

  return {
    draw,
    applyRows,
    refresh: rows.refresh,
    forget: rows.forget,
    emphasise: (key: string | null): void => {
      for (const panel of panels.values()) panel.emphasise(key);
    },
    restyle: (): void => {
      for (const panel of panels.values()) panel.restyle();
    },
    zoomBy: (factor: number): void => {
      const [from, to] = last?.state.zoom ?? extent;
      const half = ((to - from) / 2) * factor;
      zoomTo((from + to) / 2 - half, (from + to) / 2 + half);
    },
    pan: (share: number): void => {
      const [from, to] = last?.state.zoom ?? extent;
      const by = share * (to - from);
      const room = by < 0 ? extent[0] - from : extent[1] - to; // the width stays
      const step = by < 0 ? Math.max(by, room) : Math.min(by, room);
      zoomTo(from + step, to + step);
    },
  };
}

function withoutCurves({ runs, shown }: CurveInput): string {
  if (runs.length === 0) return 'There is no run yet.';
  return shown.length === 0 ? 'No run is shown.' : 'No curve yet.';
}
