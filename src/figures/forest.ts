/** @file The forest plot of a comparison in Vega-Lite: one row per difference, with seeds, interval and verdict. */

import type { Comparison } from '../compare/compare.js';
import { points } from '../compare/verdict.js';
import type { FigureSpec, Heading } from './figure.js';
import { FAINT, figureConfig, INK, verdictColors } from './figure-style.js';
import {
  type ForestGroup,
  type ForestPanel,
  type ForestRow,
  forestGroups,
  forestPanels,
  forestRows,
  forestSeeds,
  PERCENT,
} from './forest-rows.js';

type Json = Readonly<Record<string, unknown>>;

/** The height of a line of a label and the gap between rows, in pixels. */
const LINE = 13;
const GAP = 12;
/** Offsets from the middle of a row, in pixels: the mean is above, the seeds are below. */
const MEAN_OFFSET = -3;
const SEEDS_OFFSET = 6;

const color: Json = {
  field: 'kind',
  type: 'nominal',
  legend: null,
  scale: { domain: Object.keys(verdictColors), range: Object.values(verdictColors) },
};

const rowTooltip = tooltip(
  ['comparison', 'comparison'],
  ['points', 'points [95 % CI]'],
  ['seeds', 'seeds'],
  ['verdict', 'verdict'],
);

const seedTooltip = [
  ...tooltip(['comparison', 'comparison'], ['seed', 'seed']),
  { ...quantitative('difference'), title: 'points', format: '+.2f' },
];

/** A column of text to the right of the last panel. */
interface Column {
  readonly field: string;
  readonly head: string;
  readonly x: number;
  readonly align: string;
}

interface Place {
  readonly leftmost: boolean;
  readonly lowest: boolean;
  /** The headings of the panel and its columns. */
  readonly heads: readonly Json[];
  readonly columns: readonly Column[];
}

/** What a reader can do with the interactive plot. */
export const forestUsage = 'Point at a mark for its values.';

/**
 * The forest plot of a comparison, declared differences first. If the differences have very different sizes, a second panel
 * zooms in around 0.
 *
 * @param comparison with at least one pair
 * @param options `interactive` adds tooltips
 */
export function forestSpec(
  comparison: Comparison,
  heading: Heading | null,
  { interactive = false }: { readonly interactive?: boolean } = {},
): FigureSpec {
  const { margin } = comparison;
  const [groups, panels] = [forestGroups(comparison), forestPanels(comparison)];
  const rows = groups.flatMap(forestRows);
  const arrows = rows.some((row) => panels.some((panel) => exceeds(row, panel)));
  const longest = rows.reduce((most, row) => Math.max(most, row.points.length), 0);
  const views = groups.flatMap((group, row) =>
    panels.map((panel, index) => {
      const columns = index === panels.length - 1 ? columnsOf(panel, longest) : [];
      const heads = [
        ...(panel.head ? [headAt(panel.head, panel.width / 2, 'center')] : []),
        ...columns.map(({ head, x, align }) => headAt(head, x, align)),
      ];
      const place: Place = {
        leftmost: index === 0,
        lowest: row === groups.length - 1,
        heads: row === 0 ? heads : [],
        columns,
      };
      return panelSpec(group, panel, margin, place, interactive);
    }),
  );
  // A view has only one title: the inner view has the heading, the outer view has the caption.
  const title = heading && { text: heading.title, subtitle: heading.subtitle ?? '', frame: 'bounds' };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 16,
    title: {
      text: captionOf(margin, arrows),
      orient: 'bottom',
      frame: 'bounds',
      fontSize: 11,
      color: FAINT,
      offset: 16,
    },
    config: figureConfig,
    vconcat: [
      {
        ...(title ? { title } : {}),
        columns: panels.length,
        spacing: { row: 28, column: 20 },
        concat: views,
      },
    ],
    datasets: { rows, seeds: groups.flatMap(forestSeeds) },
  };
}

function exceeds({ low, mean, high }: ForestRow, { domain: [from, to] }: ForestPanel): boolean {
  return [low, mean, high].some((value) => value !== null && (value < from || value > to));
}

/** @param longest length of the longest text of numbers */
function columnsOf({ width }: ForestPanel, longest: number): Column[] {
  return [
    { field: 'seeds', head: 'seeds', x: width + 48, align: 'right' },
    { field: 'points', head: 'points [95 % CI]', x: width + 66, align: 'left' },
    { field: 'verdict', head: 'verdict', x: width + 84 + 6 * Math.max(longest, 16), align: 'left' },
  ];
}

/** A heading above a column or a panel. */
function headAt(text: string, x: number, align: string): Json {
  return {
    data: { values: [{}] },
    mark: { type: 'text', align, baseline: 'bottom', fontSize: 11, color: FAINT },
    encoding: { x: { value: x }, y: { value: -10 }, text: { value: text } },
  };
}

function panelSpec(
  group: ForestGroup,
  panel: ForestPanel,
  margin: number,
  { leftmost, lowest, heads, columns }: Place,
  interactive: boolean,
): Json {
  const labels = [...new Set(group.pairs.map(({ label }) => label))];
  const unit = leftmost && lowest ? 'percentage points of test accuracy' : null;
  return {
    width: panel.width,
    height: labels.length * (LINE * group.lines + GAP),
    data: { name: 'rows' },
    transform: [inGroup(group)],
    encoding: {
      x: {
        type: 'quantitative',
        scale: { domain: panel.domain, nice: false, zero: false },
        axis: { title: unit, tickCount: 5, grid: true },
      },
      y: {
        field: 'comparison',
        type: 'nominal',
        sort: null,
        scale: { type: 'band', domain: labels, padding: 0 },
        axis: leftmost ? labelAxis(group) : null,
      },
    },
    layer: [...marksOf(panel, group, margin, interactive), ...heads, ...columns.map(columnText)],
  };
}

function inGroup({ title }: ForestGroup): Json {
  return { filter: { field: 'group', equal: title } };
}

/** The labels of rows, and the title of their group above them. */
function labelAxis({ title, lines }: ForestGroup): Json {
  return {
    title,
    titleAlign: 'right',
    titleX: -8,
    titleColor: FAINT,
    titleFontSize: 11,
    labelPadding: 8,
    labelLineHeight: LINE,
    // Vega puts the first of two lines where a single line would be.
    ...(lines === 2
      ? { labelExpr: "split(replace(datum.label, ' − ', '\\n− '), '\\n')", labelOffset: -LINE / 2 }
      : {}),
  };
}

/** The marks of a panel, from back to front. */
function marksOf(
  { domain: [low, high] }: ForestPanel,
  group: ForestGroup,
  margin: number,
  interactive: boolean,
): Json[] {
  const inside = (field: string): Json => ({
    filter: `isValid(datum.${field}) && datum.${field} >= ${low} && datum.${field} <= ${high}`,
  });
  const withTooltip = (fields: readonly Json[]): Json => (interactive ? { tooltip: fields } : {});
  /** A triangle at an edge that a mean or an interval exceeds. (Vega compares null as 0, which is inside.) */
  const arrow = (test: string, at: number, angle: number): Json => ({
    transform: [{ filter: test }],
    mark: {
      type: 'point',
      shape: 'triangle',
      filled: true,
      size: 38,
      angle,
      opacity: 1,
      yOffset: MEAN_OFFSET,
    },
    encoding: { x: { datum: at }, color, ...withTooltip(rowTooltip) },
  });
  const [from, to] = [-margin * PERCENT, margin * PERCENT];
  return [
    backdrop(
      { type: 'rect', color: verdictColors.equivalent, opacity: 0.1 },
      { x: { datum: from }, x2: { datum: to } },
    ),
    backdrop({ type: 'rule', color: '#999999' }, { x: { datum: 0 } }),
    {
      data: { name: 'seeds' },
      transform: [inGroup(group), inside('difference')],
      mark: { type: 'circle', size: 22, opacity: 0.4, yOffset: SEEDS_OFFSET },
      encoding: { x: quantitative('difference'), color, ...withTooltip(seedTooltip) },
    },
    {
      transform: [{ filter: `isValid(datum.low) && datum.low < ${high} && datum.high > ${low}` }],
      mark: { type: 'rule', strokeWidth: 2, clip: true, yOffset: MEAN_OFFSET, y2Offset: MEAN_OFFSET },
      encoding: { x: quantitative('low'), x2: { field: 'high' }, color, ...withTooltip(rowTooltip) },
    },
    {
      transform: [inside('mean')],
      mark: { type: 'point', filled: true, size: 55, opacity: 1, yOffset: MEAN_OFFSET },
      encoding: { x: quantitative('mean'), color, ...withTooltip(rowTooltip) },
    },
    arrow(`datum.mean < ${low} || datum.low < ${low}`, low, -90),
    arrow(`datum.mean > ${high} || datum.high > ${high}`, high, 90),
  ];
}

function tooltip(...fields: readonly (readonly [field: string, title: string])[]): Json[] {
  return fields.map(([field, title]) => ({ field, title, type: 'nominal' }));
}

/** A mark that is drawn once, over the full height of a panel. */
function backdrop(mark: Json, x: Json): Json {
  return {
    data: { values: [{}] },
    mark,
    encoding: { ...x, y: { value: 0 }, y2: { value: 'height' } },
  };
}

function quantitative(field: string): Json {
  return { field, type: 'quantitative' };
}

function columnText({ field, x, align }: Column): Json {
  return {
    mark: { type: 'text', align, fontSize: 11, color: INK },
    encoding: {
      x: { value: x },
      text: { field, type: 'nominal' },
      ...(field === 'verdict' ? { color } : {}),
    },
  };
}

/** The caption below the figure, in two lines. */
function captionOf(margin: number, arrows: boolean): string[] {
  return [
    `Point and bar: mean over seeds and its 95 % t interval; pale points: single seeds${arrows ? '; triangle: extends beyond the panel' : ''}.`,
    `Shaded: the margin of ±${points(margin)} points, within which arms count as equivalent.`,
  ];
}
