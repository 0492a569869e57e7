/** @file Markers of arms as SVG paths in Vega's coordinates from −1 to 1, and the symbols of the legend. */

type Corner = readonly [x: number, y: number];

/** Alternating pixels of line and gap. */
export type CurveDash = readonly [number, ...number[]];

/** The radius of the hole in a hollow shape, relative to the shape. */
const HOLE = 0.55;

const hourglass: readonly Corner[] = [
  [-0.95, -1.1],
  [0.95, -1.1],
  [-0.95, 1.1],
  [0.95, 1.1],
];

/** Markers; the first half is hollow, so that overlapping points are both visible. */
const MARKERS: readonly [string, ...string[]] = [
  hollow(regular(24, 1, 0)), // circle
  hollow(regular(4, 1.2, 1 / 8)), // square
  hollow(regular(3, 1.4, -1 / 4)), // triangle
  polygon(cross(1 / 8)), // ×
  hollow(regular(4, 1.25, 0)), // diamond
  hollow(regular(3, 1.4, 1 / 4)), // inverted triangle
  polygon(cross(0)), // +
  polygon(regular(24, 0.9, 0)), // circle
  polygon(regular(4, 1.1, 1 / 8)), // square
  polygon(regular(3, 1.3, -1 / 4)), // triangle
  polygon(star(5)),
  polygon(regular(4, 1.15, 0)), // diamond
  polygon(regular(3, 1.3, 1 / 4)), // inverted triangle
  polygon(hourglass),
];

/** The number of different markers. */
export const MARKER_COUNT = MARKERS.length;

/** Length and half thickness of a line in the legend, in units of 5 pixels, which follow from `LEGEND_SIZE`. */
const [LENGTH, HALF] = [6, 0.19];
/** Vega draws a path of size 100 with 5 pixels per unit. */
export const LEGEND_SIZE = 100;

/** The path of the nth marker. */
export function markerPath(index: number): string {
  return cyclic(MARKERS, index);
}

/** The nth item of a list that repeats. */
export function cyclic<Item>(items: readonly [Item, ...Item[]], index: number): Item {
  return items[index % items.length] ?? items[0];
}

/**
 * The legend symbol of an arm: a piece of its line, dash by dash, with its marker in the middle. It is one path to fill,
 * because a stroke with dashes would also dash the marker.
 *
 * @param dash alternating pixels of line and gap
 * @param marker null for none
 */
export function legendPath(dash: CurveDash, marker: string | null): string {
  const end = LENGTH - 1;
  const isSolid = dash[1] === 0;
  const rectangles: string[] = [];
  let at = -1;
  for (let index = 0; at < end; index++) {
    const next = isSolid ? end : Math.min(end, at + cyclic(dash, index) / 5);
    if (index % 2 === 0) rectangles.push(rectangle(at, next));
    at = next;
  }
  return rectangles.join('') + (marker === null ? '' : placed(marker, LENGTH / 2 - 1, 0.75));
}

function rectangle(from: number, to: number): string {
  return polygon([
    [from, -HALF],
    [to, -HALF],
    [to, HALF],
    [from, HALF],
  ]);
}

function polygon(corners: readonly Corner[]): string {
  return `M${corners.map(([x, y]) => `${number(x)},${number(y)}`).join('L')}Z`;
}

function number(value: number): string {
  return String(Number(value.toFixed(3)));
}

/** Scales a path of absolute corners and moves it. */
function placed(path: string, x: number, scale: number): string {
  return path.replace(/(-?[\d.]+),(-?[\d.]+)/g, (_, a, b) => `${number(x + scale * a)},${number(scale * b)}`);
}

/** A polygon around 0 with a hole, whose edge has the opposite direction. */
function hollow(corners: readonly Corner[]): string {
  return polygon(corners) + polygon(corners.map(([x, y]): Corner => [HOLE * x, HOLE * y]).reverse());
}

function regular(sides: number, radius: number, turn: number): Corner[] {
  return Array.from({ length: sides }, (_, side): Corner => {
    const angle = 2 * Math.PI * (side / sides + turn);
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

/** Two crossing bars with half width w. */
function cross(turn: number, w = 0.26): Corner[] {
  const arm: readonly Corner[] = [
    [w, w],
    [1.1, w],
    [1.1, -w],
  ];
  return [0, 3, 2, 1].flatMap((quarter) => {
    const angle = Math.PI * (quarter / 2 + 2 * turn);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return arm.map(([x, y]): Corner => [x * cos - y * sin, x * sin + y * cos]);
  });
}

/** A star with narrow rays. */
function star(rays: number): Corner[] {
  return Array.from({ length: 2 * rays }, (_, corner): Corner => {
    const angle = 2 * Math.PI * (corner / (2 * rays) - 1 / 4);
    const radius = corner % 2 === 0 ? 1.5 : 0.45;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}
