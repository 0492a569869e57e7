/** @file The marks of arms as paths in Vega's box of −1 to 1: hollow shapes for points, and what stands in the legend. */

type Corner = readonly [x: number, y: number];

/** How much of a shape is hole, along a radius. */
const HOLE = 0.55;

const hourglass: readonly Corner[] = [
  [-0.95, -1.1],
  [0.95, -1.1],
  [-0.95, 1.1],
  [0.95, 1.1],
];

/** Hollow, so that points that lie on each other are both seen. */
const HOLLOW: readonly string[] = [
  hollow(regular(24, 1, 0)), // circle
  hollow(regular(4, 1.2, 1 / 8)), // square
  hollow(regular(3, 1.4, -1 / 4)), // triangle
  polygon(cross(1 / 8)), // ×
  hollow(regular(4, 1.25, 0)), // diamond
  hollow(regular(3, 1.4, 1 / 4)), // triangle on its tip
  polygon(cross(0)), // +
];

/** For where the hollow ones are all taken. */
const SOLID: readonly string[] = [
  polygon(regular(24, 0.9, 0)), // circle
  polygon(regular(4, 1.1, 1 / 8)), // square
  polygon(regular(3, 1.3, -1 / 4)), // triangle
  polygon(star(5)),
  polygon(regular(4, 1.15, 0)), // diamond
  polygon(regular(3, 1.3, 1 / 4)), // triangle on its tip
  polygon(hourglass),
];

/** How many markers there are, one unlike the other; the first half of them are hollow. */
export const MARKER_COUNT = HOLLOW.length + SOLID.length;

/** Length and half thickness of a line in the legend, in units of a fifth of a pixel, as `LEGEND_SIZE` makes them. */
const [LENGTH, HALF] = [6, 0.19];
/** Vega draws a path of size 100 with 5 pixels a unit. */
export const LEGEND_SIZE = 100;

/** The path of the nth marker. */
export function markerOf(index: number): string {
  return [...HOLLOW, ...SOLID][index % MARKER_COUNT];
}

/**
 * A piece of an arm's line, dash by dash, as one path to be filled: stroked with dashes, a marker would be dashed too.
 *
 * @param dash pixels of line and gap, in turns
 * @param marker in the middle of the line; null if it has none
 */
export function legendPath(dash: readonly number[], marker: string | null): string {
  const end = LENGTH - 1;
  const lengths = dash.map((pixels) => pixels / 5);
  const rectangles: string[] = [];
  for (let at = -1, index = 0; at < end; at += lengths[index % lengths.length], index++) {
    if (index % 2 === 1) continue;
    const next = lengths[1] === 0 ? end : Math.min(end, at + lengths[index % lengths.length]);
    rectangles.push(
      polygon([
        [at, -HALF],
        [next, -HALF],
        [next, HALF],
        [at, HALF],
      ]),
    );
    if (next === end) break;
  }
  return rectangles.join('') + (marker === null ? '' : placed(marker, LENGTH / 2 - 1, 0.75));
}

function polygon(corners: readonly Corner[]): string {
  return `M${corners.map(([x, y]) => `${number(x)},${number(y)}`).join('L')}Z`;
}

function number(value: number): string {
  return String(Number(value.toFixed(3)));
}

/** Moves a path of absolute corners, and shrinks it. */
function placed(path: string, x: number, scale: number): string {
  return path.replace(/(-?[\d.]+),(-?[\d.]+)/g, (_, a, b) => `${number(x + scale * a)},${number(scale * b)}`);
}

/** A polygon around 0 with a hole: its inner edge runs the other way round. */
function hollow(corners: readonly Corner[]): string {
  return polygon(corners) + polygon(corners.map(([x, y]): Corner => [HOLE * x, HOLE * y]).reverse());
}

function regular(sides: number, radius: number, turn: number): Corner[] {
  return Array.from({ length: sides }, (_, side): Corner => {
    const angle = 2 * Math.PI * (side / sides + turn);
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

/** Two bars across each other, of half their width w. */
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

/** A star of narrow rays. */
function star(rays: number): Corner[] {
  return Array.from({ length: 2 * rays }, (_, corner): Corner => {
    const angle = 2 * Math.PI * (corner / (2 * rays) - 1 / 4);
    const radius = corner % 2 === 0 ? 1.5 : 0.45;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}
