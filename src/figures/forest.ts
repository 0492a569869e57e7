/** @file The answer of a comparison as a figure: a row a difference, with its seeds, its interval and its verdict. */

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

/** Pixels of a line of a label, and between rows. */
const LINE = 13;
const GAP = 12;
/** The mean stands a little above the middle of its row, its seeds below it. */
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
  ['points', 'points [95 %]'],
  ['seeds', 'seeds'],
  ['verdict', 'verdict'],
);

const seedTooltip = [
  ...tooltip(['comparison', 'comparison'], ['seed', 'seed']),
  { ...quantitative('difference'), title: 'points', format: '+.2f' },
];

/** A column of text beside the last panel. */
interface Column {
  readonly field: string;
  readonly head: string;
  readonly x: number;
  readonly align: string;
}

interface Place {
  readonly leftmost: boolean;
  readonly lowest: boolean;
  /** Over the panel and its columns. */
  readonly heads: readonly Json[];
  readonly columns: readonly Column[];
}

/** What a reader of an interactive forest can do with it. */
export const forestUsage = 'Point at a mark for its numbers.';

/**
 * The differences of a comparison, the declared ones first. Where they are of very different size, a second panel shows
 * the same rows around 0.
 *
 * @param comparison of at least one pair
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
  const arrows = rows.some((row) => panels.some((panel) => runsOut(row, panel)));
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
  // A view has one title: the figure's stands over the panels, the caption under all.
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

function runsOut({ low, mean, high }: ForestRow, { domain: [from, to] }: ForestPanel): boolean {
  return [low, mean, high].some((value) => value !== null && (value < from || value > to));
}

/** @param longest number of characters of the numbers */
function columnsOf({ width }: ForestPanel, longest: number): Column[] {
  return [
    { field: 'seeds', head: 'seeds', x: width + 48, align: 'right' },
    { field: 'points', head: 'points [95 %]', x: width + 66, align: 'left' },
    { field: 'verdict', head: 'verdict', x: width + 84 + 6 * Math.max(longest, 13), align: 'left' },
  ];
}

/** A word over a column or a panel. */
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
  const labels = [...new Set(group.labels)];
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

/** The labels of rows, and over them the title of their group. */
function labelAxis({ title, lines }: ForestGroup): Json {
  return {
    title,
    titleAlign: 'right',
    titleX: -8,
    titleColor: FAINT,
    titleFontSize: 11,
    labelPadding: 8,
    labelLineHeight: LINE,
    // Of two lines, Vega puts the first where one would be.
    ...(lines === 2
      ? { labelExpr: "split(replace(datum.label, ' − ', '\\n− '), '\\n')", labelOffset: -LINE / 2 }
      : {}),
  };
}

/** A panel's marks from the back to the front. */
function marksOf(
  { domain: [low, high] }: ForestPanel,
  group: ForestGroup,
  margin: number,
  interactive: boolean,
): Json[] {
  const inside = (field: string): Json => ({
    filter: `isValid(datum.${field}) && datum.${field} >= ${low} && datum.${field} <= ${high}`,
  });
  const answering = (fields: readonly Json[]): Json => (interactive ? { tooltip: fields } : {});
  /** At an edge beyond which a mean or an interval goes on; null is beyond none, as 0 is inside. */
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
    encoding: { x: { datum: at }, color, ...answering(rowTooltip) },
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
      encoding: { x: quantitative('difference'), color, ...answering(seedTooltip) },
    },
    {
      transform: [{ filter: `isValid(datum.low) && datum.low < ${high} && datum.high > ${low}` }],
      mark: { type: 'rule', strokeWidth: 2, clip: true, yOffset: MEAN_OFFSET, y2Offset: MEAN_OFFSET },
      encoding: { x: quantitative('low'), x2: { field: 'high' }, color, ...answering(rowTooltip) },
    },
    {
      transform: [inside('mean')],
      mark: { type: 'point', filled: true, size: 55, opacity: 1, yOffset: MEAN_OFFSET },
      encoding: { x: quantitative('mean'), color, ...answering(rowTooltip) },
    },
    arrow(`datum.mean < ${low} || datum.low < ${low}`, low, -90),
    arrow(`datum.mean > ${high} || datum.high > ${high}`, high, 90),
  ];
}

function tooltip(...fields: readonly (readonly [field: string, title: string])[]): Json[] {
  return fields.map(([field, title]) => ({ field, title, type: 'nominal' }));
}

/** A mark that is drawn once, from the top of a panel to its bottom. */
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

/** What the marks are, arrows if there are any, in two lines below the figure. */
function captionOf(margin: number, arrows: boolean): string[] {
  return [
    `Point and bar: mean over seeds and its 95 % t interval; pale: single seeds${arrows ? '; triangle: goes on beyond the panel' : ''}.`,
    `Shaded: within ±${points(margin)} points, a difference that does not matter.`,
  ];
}
