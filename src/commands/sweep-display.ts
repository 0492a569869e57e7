/** @file A sweep before the user's eyes: a table of all runs on a terminal, a line a run elsewhere. All on standard error. */
import { MultiBar } from 'cli-progress';
import type { Board, RunState } from '../sweep/board.js';
import type { JobEnd } from '../sweep/executor.js';
import type { PlannedRun } from '../sweep/plan.js';
import type { SweepEvent } from '../sweep/run-sweep.js';
import { percent, seconds } from './format.js';
import type { Io } from './io.js';

/** Sees a sweep as it goes. */
export interface SweepDisplay {
  readonly onEvent: (event: SweepEvent) => void;
  readonly close: () => void;
}

const CELL = 5;

/** One run in at most five characters. */
export const cellText = (state: RunState): string => {
  switch (state.kind) {
    case 'waiting':
      return '·';
    case 'running':
      return `${Math.floor(state.share * 100)}%`;
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
};

const paint = (state: RunState, text: string, { cyan, dim, red, yellow }: Io['errColor']): string => {
  switch (state.kind) {
    case 'completed':
      return text;
    case 'running':
      return cyan(text);
    case 'waiting':
    case 'interrupted':
      return dim(text);
    case 'failed':
      return red(text);
    case 'diverged':
      return yellow(text);
    default:
      return state satisfies never;
  }
};

/** Arms often differ at their end, so a name that is too long loses its middle. */
const shorten = (text: string, width: number): string => {
  const tail = Math.floor((width - 1) / 2);
  return text.length <= width ? text : `${text.slice(0, width - 1 - tail)}…${text.slice(-tail)}`;
};

/** Seconds that are left, from how fast it went so far; null before anything is known. */
const secondsLeft = (board: Board, started: number): number | null => {
  const { total, done, seen } = board.steps();
  const elapsed = (performance.now() - started) / 1000;
  return seen > 0 && elapsed > 2 ? ((total - done) * elapsed) / seen : null;
};

const describeEnd = (run: PlannedRun, end: JobEnd, board: Board): string => {
  const state = board.state(run.arm, run.seed);
  const result = state.kind === 'completed' ? `  val acc ${percent(state.valAccuracy)}` : '';
  return `${run.arm} seed ${run.seed}  ${end.kind}${result}${end.kind === 'failed' ? `: ${end.reason}` : ''}`;
};

const lineDisplay = (board: Board, io: Io): SweepDisplay => {
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
    close: () => {},
  };
};

/** The arms that a window of so many rows shows: those at work, and what lies around them. */
export const visibleArms = (board: Board, rows: number): readonly string[] => {
  if (board.arms.length <= rows) return board.arms;
  const isAtWork = (arm: string): boolean =>
    board.seeds.some((seed) => board.state(arm, seed).kind === 'running');
  const first = Math.max(board.arms.findIndex(isAtWork), 0);
  const start = Math.min(Math.max(first - Math.floor(rows / 3), 0), board.arms.length - rows);
  return board.arms.slice(start, start + rows);
};

/** One arm: its name, and a cell a seed, or counts where the cells do not fit. */
const armLine = (arm: string, board: Board, width: number, columns: number, io: Io): string => {
  const name = shorten(arm, width).padEnd(width);
  const states = board.seeds.map((seed) => board.state(arm, seed));
  if (width + states.length * (CELL + 1) < columns) {
    return (
      name + states.map((state) => ` ${paint(state, cellText(state).padStart(CELL), io.errColor)}`).join('')
    );
  }
  const count = (kind: RunState['kind']): number => states.filter((state) => state.kind === kind).length;
  const bad = count('failed') + count('diverged');
  return `${name}  ${count('completed') + bad}/${states.length} ended, ${count('running')} running${bad > 0 ? `, ${bad} without a number` : ''}`;
};

const tableDisplay = (board: Board, io: Io, terminal: NodeJS.WriteStream): SweepDisplay => {
  const { cyan, dim } = io.errColor;
  const started = performance.now();
  const columns = (): number => terminal.columns ?? 80;
  const rows = Math.min(board.arms.length, Math.max(1, (terminal.rows ?? 24) - 6));
  const width = Math.min(
    Math.max(...board.arms.map((arm) => arm.length), 4),
    Math.max(12, columns() - board.seeds.length * (CELL + 1) - 1),
  );
  const header = (): string => {
    const cells = board.seeds.map((seed) => ` ${String(seed).padStart(CELL)}`).join('');
    const fits = width + cells.length < columns();
    return dim(fits ? 'seed'.padEnd(width) + cells : 'arm');
  };
  const footer = (): string => {
    const all = board.arms.length * board.seeds.length;
    const { total, done } = board.steps();
    const length = Math.max(10, Math.min(30, columns() - 50));
    const filled = total === 0 ? length : Math.round((done / total) * length);
    const left = secondsLeft(board, started);
    return [
      cyan('━'.repeat(filled)) + dim('─'.repeat(length - filled)),
      `${board.count('completed', 'diverged', 'failed')}/${all} runs`,
      dim(seconds((performance.now() - started) / 1000)),
      ...(done < total ? [dim(`ETA ${left === null ? '?' : seconds(left)}`)] : []),
    ].join('  ');
  };
  const line = (index: number): string => {
    if (index === 0) return header();
    const arm = visibleArms(board, rows)[index - 1];
    return arm === undefined ? footer() : armLine(arm, board, width, columns(), io);
  };
  const bars = new MultiBar({
    format: (_options, _params, payload: { index: number }) => line(payload.index),
    stream: terminal,
    hideCursor: true,
    clearOnComplete: true, // its last drawing would count colour codes as text: ours is printed instead
    fps: 5,
    gracefulExit: false,
    emptyOnZero: true,
    forceRedraw: true,
    linewrap: false,
  });
  for (let index = 0; index < rows + 2; index++) bars.create(1, 0, { index });
  let open = true;
  return {
    onEvent: (event) => {
      if (event.kind === 'end' && event.end.kind === 'failed') {
        bars.log(`${describeEnd(event.run, event.end, board)}\n`);
      }
    },
    close: () => {
      if (!open) return;
      open = false;
      bars.stop();
      for (let index = 0; index < rows + 2; index++) io.err(line(index));
    },
  };
};

/** Shows a sweep as it goes; to be closed whatever happens. */
export const createSweepDisplay = (board: Board, io: Io, quiet: boolean): SweepDisplay => {
  if (quiet) return { onEvent: () => {}, close: () => {} };
  return io.terminal ? tableDisplay(board, io, io.terminal) : lineDisplay(board, io);
};
