/** @file Training before the user's eyes: a bar on a terminal, one plain line an epoch elsewhere. All on standard error. */
import { type Bar, MultiBar, type Options } from 'cli-progress';
import { UNFUSED } from '../engines/arithmetic.js';
import type { EpochRow, StepRow } from '../runs/metrics.js';
import type { TrainingEvent } from '../train/events.js';
import type { Listener, Opening } from '../train/session.js';
import { describeModel, number, percent, plural, seconds } from './format.js';
import type { Io } from './io.js';

/** A listener that draws; to be closed whatever happens. */
export interface Progress extends Listener {
  readonly close: () => void;
}

const SILENT: Progress = { onOpen: () => {}, onEvent: () => {}, close: () => {} };

export const createProgress = (io: Io, quiet: boolean): Progress => {
  if (quiet) return SILENT;
  let opening: Opening | undefined;
  let bar: Display = plainDisplay(io);
  return {
    onOpen: (opened) => {
      opening = opened;
      for (const line of introduction(opened, io)) io.err(line);
      if (io.terminal) bar = barDisplay(io, io.terminal, opened);
    },
    onEvent: (event: TrainingEvent) => {
      if (event.kind === 'step') bar.step(event.row);
      if (event.kind === 'epoch' && opening) bar.epoch(describeEpoch(event.row, opening, io), event.row);
      if (event.kind === 'end') bar.close();
    },
    close: () => bar.close(),
  };
};

interface Display {
  step(row: StepRow): void;
  epoch(line: string, row: EpochRow): void;
  close(): void;
}

const plainDisplay = (io: Io): Display => ({
  step: () => {},
  epoch: (line) => io.err(line),
  close: () => {},
});

const introduction = (
  { directory, config, choice, device, dataset, resumedFrom, begunBefore, totalSteps }: Opening,
  io: Io,
): string[] => {
  const { bold, dim } = io.errColor;
  const data = config.data ?? 'MNIST';
  const counts = [dataset.train, dataset.validation, dataset.test]
    .map(({ count }) => count.toLocaleString('en'))
    .join(' + ');
  return [
    `${bold('wnlstm')} ${describeModel(config)}`,
    dim(`${device}${choice.why ? ` (auto: ${choice.why})` : ''}`),
    dim(`${data}, ${counts} images; ${plural(totalSteps, 'step')}`),
    dim(directory),
    ...(choice.arithmetic === UNFUSED
      ? [
          `This CPU has no fused multiply-add: the results differ from those of other machines (arithmetic ${UNFUSED}).`,
        ]
      : []),
    ...(resumedFrom > 0 ? [`Going on from the checkpoint at step ${resumedFrom}.`] : []),
    ...(begunBefore && resumedFrom === 0
      ? ['It was stopped before its first checkpoint: starting at step 0 again.']
      : []),
  ];
};

const describeEpoch = (row: EpochRow, { totalSteps, stepsPerEpoch }: Opening, io: Io): string => {
  const epochs = Math.ceil(totalSteps / stepsPerEpoch);
  const { bold, dim } = io.errColor;
  return [
    `epoch ${String(row.epoch).padStart(String(epochs).length)}/${epochs}`,
    `loss ${number(row.loss)}`,
    `acc ${percent(row.accuracy)}`,
    `val loss ${number(row.val_loss)}`,
    bold(`val acc ${percent(row.val_accuracy)}`),
    dim(seconds(row.epoch_seconds)),
  ].join('  ');
};

const barDisplay = (io: Io, terminal: NodeJS.WriteStream, { resumedFrom, totalSteps }: Opening): Display => {
  const { cyan, dim } = io.errColor;
  const format: Options['format'] = (
    _options,
    { value, total },
    payload: { row?: StepRow; speed?: number },
  ) => {
    const width = Math.max(6, Math.min(30, (terminal.columns ?? 80) - 70));
    const done = Math.round((value / total) * width);
    const { row, speed } = payload;
    const eta = speed ? seconds((total - value) / speed) : '?';
    return [
      cyan('━'.repeat(done)) + dim('─'.repeat(width - done)),
      `step ${value}/${total}`,
      `loss ${number(row?.loss ?? null)}`,
      `acc ${percent(row?.accuracy ?? null)}`,
      dim(`${speed ? Math.round(speed) : '?'} steps/s  ETA ${eta}`),
    ].join('  ');
  };
  const bars = new MultiBar({
    format,
    stream: terminal,
    hideCursor: true,
    clearOnComplete: true,
    fps: 12,
    gracefulExit: false,
    emptyOnZero: true,
  });
  const bar: Bar = bars.create(totalSteps, resumedFrom, {});
  const started = performance.now();
  let open = true;
  return {
    step: (row) => {
      const step = row.step ?? 0;
      bar.update(step, { row, speed: ((step - resumedFrom) / (performance.now() - started)) * 1000 });
    },
    epoch: (line) => bars.log(`${line}\n`),
    close: () => {
      if (!open) return;
      open = false;
      bars.update(); // prints the lines that wait above the bar
      bars.stop();
    },
  };
};
