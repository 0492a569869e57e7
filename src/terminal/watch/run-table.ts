/** @file The table of watched runs, as lines that fit a terminal. */

import { secondsLeft, type WatchedRun } from '../../results/watched.js';
import { singleLine } from '../../text/printable.js';
import { shorten } from '../../text/shorten.js';
import { percentNumber, seconds } from '../format.js';
import type { Io } from '../io.js';
import { inStatusColor } from '../status-color.js';

/** The widths of the columns that depend on the runs and on the terminal, in characters. */
interface Widths {
  readonly arm: number;
  readonly seed: number;
  /** 0 if there is no room for a bar. */
  readonly bar: number;
  readonly eta: number;
  /** 0 if there is no room for the ids of runs. */
  readonly id: number;
}

const GAP = 2;
const MARK = 2;
const STATUS = 'interrupted'.length;
const PERCENT = '100 %'.length;
const VALIDATION = '100.00'.length;
/** A complete time, and its first part for a narrow terminal. */
const LONG_ETA = '59 min 59 s'.length;
const SHORT_ETA = '59 min'.length;
const MOST_BAR = 12;
const LEAST_BAR = 5;
/** The widths that an arm's name gets before there are bars, and before other columns become wider. */
const LEAST_ARM = 16;
const USUAL_ARM = 28;

/**
 * The table of runs.
 *
 * @param marks the marker of each run, one character with colour codes
 * @param width of the lines in characters, at least 50
 * @returns the heading, and a line for each run
 */
export function runTable(
  runs: readonly WatchedRun[],
  marks: ReadonlyMap<WatchedRun, string>,
  width: number,
  color: Io['outColor'],
): { head: string; rows: string[] } {
  const { arm, seed, bar, eta, id } = widthsFor(runs, width);
  const line = (mark: string, name: string, cells: readonly string[], runId: string): string => {
    const last = id === 0 ? [] : [shorten(singleLine(runId), id)];
    const named = `${mark} ${shorten(singleLine(name), arm).padEnd(arm)}`;
    return [named, ...cells, ...last].join(' '.repeat(GAP)).trimEnd();
  };
  const heads = [
    'seed'.padStart(seed),
    'status'.padEnd(STATUS),
    bar === 0 ? 'done'.padStart(PERCENT) : 'progress'.padEnd(bar + 1 + PERCENT),
    'ETA'.padStart(eta),
    'val %'.padStart(VALIDATION),
  ];
  const rows = runs.map((watched) => {
    const { run, valAccuracy } = watched;
    const cells = [
      String(run.config.seed).padStart(seed),
      inStatusColor(run.status, run.status.padEnd(STATUS), color),
      progressCell(watched, bar, color),
      timeCell(watched, eta).padStart(eta),
      percentNumber(valAccuracy).padStart(VALIDATION),
    ];
    return line(marks.get(watched) ?? ' ', watched.arm, cells, run.record.run_id);
  });
  return { head: color.dim(line(' ', 'arm', heads, 'run')), rows };
}

function widthsFor(runs: readonly WatchedRun[], width: number): Widths {
  const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map(({ length }) => length));
  const seed = longest(['seed', ...runs.map(({ run }) => String(run.config.seed))]);
  const name = longest(['arm', ...runs.map(({ arm }) => singleLine(arm))]);
  const least = MARK + GAP + seed + GAP + STATUS + GAP + PERCENT + GAP + SHORT_ETA + GAP + VALIDATION;
  let arm = Math.min(name, LEAST_ARM, Math.max(1, width - least));
  let room = width - least - arm;
  /** Takes room for something, if there is enough. */
  const take = (most: number, fewest = most): number => {
    if (room < fewest) return 0;
    const taken = Math.max(0, Math.min(most, room));
    room -= taken;
    return taken;
  };
  arm += take(Math.min(name, USUAL_ARM) - arm, 0);
  const bar = Math.max(0, take(MOST_BAR + 1, LEAST_BAR + 1) - 1);
  const eta = SHORT_ETA + take(LONG_ETA - SHORT_ETA);
  arm += take(name - arm, 0);
  const id = Math.max(0, take(longest(runs.map(({ run }) => run.record.run_id)) + GAP) - GAP);
  return { arm, seed, bar, eta, id };
}

function progressCell({ step, totalSteps, run }: WatchedRun, length: number, color: Io['outColor']): string {
  if (totalSteps === null || totalSteps === 0)
    return '?'.padStart(PERCENT).padStart(length === 0 ? PERCENT : length + 1 + PERCENT);
  const fraction = Math.min(1, step / totalSteps);
  const percent = `${Math.floor(fraction * 100)} %`.padStart(PERCENT);
  if (length === 0) return percent;
  const filled = Math.floor(fraction * length);
  const bar = inStatusColor(run.status, '━'.repeat(filled), color) + color.dim('─'.repeat(length - filled));
  return `${bar} ${percent}`;
}

/** The time left, as `3 min 20 s`, or `3 min` where the column is narrow. */
function timeCell(run: WatchedRun, width: number): string {
  const text = seconds(secondsLeft(run));
  return text.length <= width ? text : text.split(' ').slice(0, 2).join(' ');
}
