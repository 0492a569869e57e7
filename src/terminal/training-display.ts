/** @file Shows the progress of training on standard error: a bar on a terminal, otherwise one line per epoch. */

import { UNFUSED } from '../engines/arithmetic.js';
import type { EpochRow, StepRow } from '../runs/metrics.js';
import { plural } from '../text/plural.js';
import { wrap, wrapWords } from '../text/wrap.js';
import type { OnEvent, Opening } from '../train/events.js';
import { createBars, logAbove } from './bars.js';
import { describeModel, describeSplits, number, percent, seconds } from './format.js';
import type { Io } from './io.js';
import { printNote } from './messages.js';

/** Shows the events of a run. Close it also after an error. */
export interface TrainingDisplay {
  readonly onEvent: OnEvent;
  readonly close: () => void;
}

/** The text between the parts of a line. */
const GAP = '  ';
const MIN_BAR = 6;
const MAX_BAR = 30;

const SILENT: TrainingDisplay = { onEvent: () => {}, close: () => {} };

interface Display {
  step(step: number, row?: StepRow): void;
  /** Prints the line of an epoch, given in parts. */
  epoch(parts: readonly string[]): void;
  close(): void;
}

/** The state of training. */
interface Standing {
  readonly step: number;
  readonly totalSteps: number;
  /** The last row of steps.csv; null before the first. */
  readonly row: StepRow | null;
  /** Steps per second; null before the first step. */
  readonly speed: number | null;
}

export function createTrainingDisplay(io: Io, quiet: boolean): TrainingDisplay {
  if (quiet) return SILENT;
  let opening: Opening | undefined;
  let bar: Display = plainDisplay(io);
  const open = (opened: Opening): void => {
    opening = opened;
    const width = io.terminal?.columns || Number.POSITIVE_INFINITY;
    for (const line of introduction(opened, io)) {
      // A path is not broken into lines, so that it can be copied.
      for (const part of line.includes(opened.directory) ? [line] : wrap(line, width, '  ')) io.err(part);
    }
    if (io.terminal) bar = barDisplay(io, io.terminal, opened);
  };
  return {
    onEvent: (event) => {
      if (event.kind === 'wait') printNote(event.reason, io);
      if (event.kind === 'open') open(event.opening);
      if (event.kind === 'step') bar.step(event.row.step ?? 0, event.row);
      if (event.kind === 'progress') bar.step(event.step);
      if (event.kind === 'epoch' && opening) bar.epoch(describeEpoch(event.row, opening, io));
      if (event.kind === 'end') bar.close();
    },
    close: () => bar.close(),
  };
}

function plainDisplay(io: Io): Display {
  return {
    step: () => {},
    epoch: (parts) => io.err(parts.join(GAP)),
    close: () => {},
  };
}

function introduction(
  { directory, config, choice, device, dataset, resumedFrom, startedBefore, notes, totalSteps }: Opening,
  io: Io,
): string[] {
  const { bold, dim } = io.errColor;
  const data = config.data ?? 'MNIST';
  return [
    `${bold('wnlstm')} ${describeModel(config)}`,
    dim(`${device}${choice.why ? ` (auto: ${choice.why})` : ''}`),
    dim(`${data}: ${describeSplits(dataset)}; ${plural(totalSteps, 'step')}`),
    dim(directory),
    ...notes.map((note) => `${io.errColor.yellow('note')} ${note}`),
    ...(choice.arithmetic === UNFUSED
      ? [
          `This CPU has no fused multiply-add. The results differ from those of other machines (arithmetic ${UNFUSED}).`,
        ]
      : []),
    ...(resumedFrom > 0 ? [`Resuming from the checkpoint at step ${resumedFrom}.`] : []),
    ...(startedBefore && resumedFrom === 0
      ? ['The run was stopped before its first checkpoint. Restarting at step 0.']
      : []),
  ];
}

function barDisplay(io: Io, terminal: NodeJS.WriteStream, { resumedFrom, totalSteps }: Opening): Display {
  let standing: Standing = { step: resumedFrom, totalSteps, row: null, speed: null };
  const columns = (): number => terminal.columns || 80; // some terminals say 0
  const bars = createBars(terminal, () => barLine(standing, columns(), io.errColor), 12);
  bars.create(totalSteps, resumedFrom, {});
  const started = performance.now();
  let open = true;
  return {
    step: (step, row) => {
      const speed = ((step - resumedFrom) / (performance.now() - started)) * 1000;
      standing = { ...standing, step, speed, row: row ?? standing.row };
    },
    epoch: (parts) => logAbove(bars, wrapWords(parts, columns(), GAP, GAP)),
    close: () => {
      if (!open) return;
      open = false;
      bars.update(); // prints the pending lines above the bar
      bars.stop();
    },
  };
}

/** The line of an epoch in parts, between which it can be broken. */
function describeEpoch(row: EpochRow, { totalSteps, stepsPerEpoch }: Opening, io: Io): string[] {
  const epochs = Math.ceil(totalSteps / stepsPerEpoch);
  const { bold, dim } = io.errColor;
  return [
    `epoch ${String(row.epoch).padStart(String(epochs).length)}/${epochs}`,
    `loss ${number(row.loss)}`,
    `acc ${percent(row.accuracy)}`,
    `val loss ${number(row.val_loss)}`,
    bold(`val acc ${percent(row.val_accuracy)}`),
    dim(seconds(row.epoch_seconds)),
  ];
}

/**
 * A progress bar with numbers.
 *
 * @param columns of the terminal; on a narrow terminal, the least important parts are left out
 * @returns a line shorter than `columns`
 */
export function barLine(
  { step, totalSteps, row, speed }: Standing,
  columns: number,
  { cyan, dim }: Io['errColor'],
): string {
  const parts = [
    { text: `step ${step}/${totalSteps}`, rank: 0 },
    { text: `loss ${number(row?.loss ?? null)}`, rank: 2 },
    { text: `acc ${percent(row?.accuracy ?? null)}`, rank: 3 },
    { text: `${speed === null ? '?' : Math.round(speed)} steps/s`, rank: 4, paint: dim },
    { text: `ETA ${speed === null ? '?' : seconds((totalSteps - step) / speed)}`, rank: 1, paint: dim },
  ];
  const width = (most: number): number =>
    parts.reduce((sum, { text, rank }) => (rank <= most ? sum + GAP.length + text.length : sum), 0);
  const most = [4, 3, 2, 1].find((rank) => MIN_BAR + width(rank) < columns) ?? 0;
  const length = Math.min(MAX_BAR, Math.max(0, columns - 1 - width(most)));
  const done = Math.round((step / totalSteps) * length);
  return [
    ...(length < MIN_BAR ? [] : [cyan('━'.repeat(done)) + dim('─'.repeat(length - done))]),
    ...parts.flatMap(({ text, rank, paint = (plain: string) => plain }) =>
      rank <= most ? [paint(text)] : [],
    ),
  ].join(GAP);
}
