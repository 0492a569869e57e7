/** @file Shows the progress of a sweep on standard error: a table of all runs on a terminal, otherwise one line per run. */

import type { Board, RunState } from '../sweep/board.js';
import type { JobEnd } from '../sweep/executor.js';
import type { PlannedRun } from '../sweep/plan.js';
import type { SweepEvent } from '../sweep/scheduler.js';
import { plural } from '../text/plural.js';
import { shorten } from '../text/shorten.js';
import { wrap, wrapWords } from '../text/wrap.js';
import { createBars, logAbove } from './bars.js';
import { percent, seconds } from './format.js';
import type { Io } from './io.js';
import { printNote } from './messages.js';
import { inStatusColor } from './status-color.js';

/** Shows a sweep while it runs. */
export interface SweepDisplay {
  readonly onEvent: (event: SweepEvent) => void;
  /** Prints a sentence above the table. */
  readonly onNote: (note: string) => void;
  readonly close: () => void;
}

/** The width of a cell of the table. */
const CELL = 5;
/** The smallest width of the table. */
const NARROWEST = 48;

/** The heading of the table: numbers are validation accuracies in percent, columns are seeds. */
const HEADING = 'val % by seed';

/** The width that arm names get before the seeds get cells. */
const NAME = 24;

/** Creates the display of a sweep. Close it also after an error. */
export function createSweepDisplay(board: Board, io: Io, quiet: boolean): SweepDisplay {
  if (quiet) return { onEvent: () => {}, onNote: () => {}, close: () => {} };
  const { terminal } = io;
  return terminal && (terminal.columns || 80) >= NARROWEST
    ? tableDisplay(board, io, terminal)
    : lineDisplay(board, io);
}

function tableDisplay(board: Board, io: Io, terminal: NodeJS.WriteStream): SweepDisplay {
  const { cyan, dim } = io.errColor;
  const started = performance.now();
  const columns = (): number => terminal.columns || 80;
  const rows = Math.max(4, (terminal.rows || 24) - 6);
  const footer = (): string => {
    const all = board.arms.length * board.seeds.length;
    const { total, completed: done } = board.steps();
    const length = Math.max(10, Math.min(30, columns() - 50));
    const filled = total === 0 ? length : Math.round((done / total) * length);
    const left = secondsLeft(board, started);
    const parts = [
      cyan('━'.repeat(filled)) + dim('─'.repeat(length - filled)),
      `${board.count('completed', 'diverged', 'failed')}/${all} runs`,
      dim(seconds((performance.now() - started) / 1000)),
      ...(done < total ? [dim(`ETA ${left === null ? '?' : seconds(left)}`)] : []),
    ];
    return wrapWords(parts, columns() - 1, '  ')[0] ?? ''; // the parts that fit
  };
  const lines = (): string[] => [...boardLines(board, { rows, columns: columns() }, io.errColor), footer()];
  let drawn: string[] = [];
  const bars = createBars(
    terminal,
    (_options, _params, { index }: { index: number }) => {
      if (index === 0) drawn = lines(); // once per redraw
      return drawn[index] ?? '';
    },
    5,
  );
  for (const index of lines().keys()) bars.create(1, 0, { index });
  let open = true;
  return {
    onEvent: (event) => {
      if (event.kind === 'end' && event.end.kind === 'failed') {
        logAbove(bars, wrap(describeEnd(event.run, event.end, board), columns(), '  '));
      }
    },
    onNote: (note) => logAbove(bars, wrap(note, columns(), '  ')),
    close: () => {
      if (!open) return;
      open = false;
      bars.stop();
      for (const line of lines()) io.err(line);
    },
  };
}

/** The estimated seconds to the end; null until there is an estimate. */
function secondsLeft(board: Board, started: number): number | null {
  const { total, completed: done, computed: seen } = board.steps();
  const elapsed = (performance.now() - started) / 1000;
  return seen > 0 && elapsed > 2 ? ((total - done) * elapsed) / seen : null;
}

function describeEnd(run: PlannedRun, end: JobEnd, board: Board): string {
  const state = board.state(run.arm, run.seed);
  const result = state.kind === 'completed' ? `  val acc ${percent(state.valAccuracy)}` : '';
  return `${run.arm} seed ${run.seed}  ${end.kind}${result}${end.kind === 'failed' ? `: ${end.reason}` : ''}`;
}

function lineDisplay(board: Board, io: Io): SweepDisplay {
  const started = performance.now();
  const all = board.arms.length * board.seeds.length;
  return {
    onEvent: (event) => {
      if (event.kind !== 'end') return;
      const ended = board.count('completed', 'diverged', 'failed');
      const left = secondsLeft(board, started);
      io.err(
        `${String(ended).padStart(String(all).length)}/${all}  ${describeEnd(event.run, event.end, board)}${
          left === null || ended === all ? '' : `  ETA ${seconds(left)}`
        }`,
      );
    },
    onNote: (note) => printNote(note, io),
    close: () => {},
  };
}

/**
 * The table of all runs, with a row per arm and a cell per seed. If the seeds do not fit, the cells are counts.
 *
 * @param size of the window; the last line counts the arms that do not fit
 * @returns lines; their number depends only on the size of the board and of the window
 */
export function boardLines(
  board: Board,
  size: { readonly rows: number; readonly columns: number },
  color: Io['errColor'],
): string[] {
  const arms = visibleArms(board, Math.max(1, size.rows - 2));
  const longest = Math.max(...board.arms.map((arm) => arm.length), HEADING.length);
  const cells = board.seeds.length * (CELL + 1);
  const fits = Math.min(longest, NAME) + cells < size.columns;
  const width = Math.min(longest, size.columns - 1 - (fits ? cells : 34));
  const row = (arm: string): string => {
    const name = shorten(arm, width).padEnd(width);
    const states = board.seeds.map((seed) => board.state(arm, seed));
    if (fits) {
      return [
        name,
        ...states.map((state) => inStatusColor(state.kind, cellText(state).padStart(CELL), color)),
      ].join(' ');
    }
    const count = (...kinds: RunState['kind'][]): string =>
      String(states.filter(({ kind }) => kinds.includes(kind)).length).padStart(7);
    return [name, count('completed'), count('running'), count('diverged'), count('failed')].join(' ');
  };
  const heads = fits
    ? board.seeds.map((seed) => String(seed).padStart(CELL))
    : ['   done', 'running', '    NaN', ' failed'];
  const hidden = board.arms.length - arms.length;
  return [
    color.dim([(fits ? HEADING : 'arm').padEnd(width), ...heads].join(' ')),
    ...arms.map(row),
    ...(hidden > 0 ? [color.dim(`… and ${plural(hidden, 'more arm')}`)] : []),
  ];
}

/** The arms to show in a window of `rows` rows: those that are running, and their neighbours. */
function visibleArms(board: Board, rows: number): readonly string[] {
  const isRunning = (arm: string): boolean =>
    board.seeds.some((seed) => board.state(arm, seed).kind === 'running');
  const first = Math.max(board.arms.findIndex(isRunning), 0);
  const start = Math.min(Math.max(first - Math.floor(rows / 3), 0), Math.max(board.arms.length - rows, 0));
  return board.arms.slice(start, start + rows);
}

/** The state of a run in at most five characters. */
function cellText(state: RunState): string {
  switch (state.kind) {
    case 'waiting':
      return '·';
    case 'running':
      return `…${Math.min(Math.floor(state.fraction * 100), 99)}%`;
    case 'completed':
      return state.valAccuracy === null ? 'done' : (state.valAccuracy * 100).toFixed(2).slice(0, CELL);
    case 'diverged':
      return 'NaN';
    case 'failed':
      return 'fail';
    case 'interrupted':
      return 'stop';
    default:
      return state satisfies never;
  }
}
