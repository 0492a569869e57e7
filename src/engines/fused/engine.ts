/** @file The engine over the fused kernel: moves parameters in and out, and calls it. */

import { usableCores } from '../../cores.js';
import type { Split } from '../../data/mnist.js';
import { adamRate } from '../../model/adam.js';
import { type ModelSpec, parameterShapes, sizeOf } from '../../model/spec.js';
import type { NamedArray, TrainingState } from '../../model/state.js';
import {
  type Engine,
  type EngineInput,
  METRICS,
  metricsFromArray,
  metricsToArray,
  STEP,
  slotName,
} from '../engine.js';
import { type Kernel, THREADS_INDEX } from './kernel.js';

const HEADER_BYTES = 64;
const METRICS_OFFSET = 64;
const EVALUATION_OFFSET = 112;
const ALL_PHASES = 4;
const SLOT = { value: 0, m: 2, v: 3 } as const;

/** Where a parameter lies: rows of one of the kernel's two matrices. */
interface Place {
  readonly lstm: 0 | 1;
  readonly firstRow: number;
}

/** Makes a ready engine over a kernel, which it then owns. */
export async function createFusedEngine(
  kernel: Kernel,
  { spec, dataset, parameters, threads }: EngineInput,
): Promise<Engine> {
  const splits = [dataset.train, dataset.validation, dataset.test];
  const { net, arrays } = kernel.allocate(encodeHeader(spec, threads, kernel.spins), [
    new Uint8Array(4 * spec.batch),
    ...splits.flatMap(({ images, labels }) => [images, labels]),
  ]);
  const [indexBytes, images, labels] = arrays;
  const indexView = new Int32Array(indexBytes.buffer, indexBytes.byteOffset, spec.batch);
  const metrics = new Float64Array(net.buffer, net.byteOffset + METRICS_OFFSET, 6);
  const evaluation = new Float64Array(net.buffer, net.byteOffset + EVALUATION_OFFSET, 2);
  const shapes = Object.entries(parameterShapes(spec));
  const slots = spec.optimizer === 'adam' ? (['value', 'm', 'v'] as const) : (['value'] as const);
  let stepCount = 0;

  /** Every array of a state with the rows of kernel memory that hold it. */
  const tensors = shapes.flatMap(([name, shape]) =>
    slots.map((slot) => {
      const { lstm, firstRow } = placeOf(name, spec);
      const stride = kernel.stride(net, lstm);
      const columns = shape[shape.length - 1];
      const start = net.byteOffset + kernel.offset(net, lstm, SLOT[slot]) + 4 * firstRow * stride;
      const rows = Array.from(
        { length: sizeOf(shape) / columns },
        (_, row) => new Float32Array(net.buffer, start + 4 * row * stride, columns),
      );
      return { name: slot === 'value' ? name : slotName(slot, name), shape, columns, rows };
    }),
  );

  const write = (state: ReadonlyMap<string, NamedArray>): void => {
    for (const { name, columns, rows } of tensors) {
      const data = state.get(name)?.data;
      rows.forEach((row, index) => {
        if (data) row.set(data.subarray(index * columns, (index + 1) * columns));
      });
    }
    kernel.refresh(net);
  };
  write(parameters);
  await kernel.start(net);
  const running = new Int32Array(net.buffer, net.byteOffset)[THREADS_INDEX]; // fewer if the system had no more

  return {
    device: `${kernel.name}, ${running} ${running === 1 ? 'thread' : 'threads'}`,
    versions: {},
    step: (indices, lr) => {
      stepCount++;
      indexView.set(indices);
      const rate = spec.optimizer === 'adam' ? adamRate(lr, stepCount) : lr;
      kernel.step(net, images, labels, indexBytes, rate);
    },
    drainMetrics: () => {
      const sums = metricsFromArray(metrics);
      metrics.fill(0);
      return sums;
    },
    evaluate: (split: Split) => {
      const at = splits.indexOf(split);
      kernel.evaluate(net, arrays[1 + 2 * at], arrays[2 + 2 * at], split.count);
      return { loss: evaluation[0] / split.count, accuracy: evaluation[1] / split.count };
    },
    save: (): TrainingState => {
      const state = new Map<string, NamedArray>();
      for (const { name, shape, columns, rows } of tensors) {
        const data = new Float32Array(sizeOf(shape));
        rows.forEach((row, index) => {
          data.set(row, index * columns);
        });
        state.set(name, { shape, data });
      }
      state.set(STEP, { shape: [1], data: Int32Array.of(stepCount) });
      state.set(METRICS, metricsToArray(metricsFromArray(metrics)));
      return state;
    },
    load: (state) => {
      write(state);
      stepCount = state.get(STEP)?.data[0] ?? 0;
      metrics.set(state.get(METRICS)?.data ?? [0, 0, 0, 0, 0, 0]);
    },
    dispose: () => kernel.stop(net),
  };
}

function placeOf(name: string, { inputs, units }: ModelSpec): Place {
  const rows: Record<string, Place> = {
    'lstm/w_x': { lstm: 1, firstRow: 0 },
    'lstm/b': { lstm: 1, firstRow: inputs },
    'lstm/w_h': { lstm: 1, firstRow: inputs + 1 },
    'lstm/g_x': { lstm: 1, firstRow: inputs + 1 + units },
    'lstm/g_h': { lstm: 1, firstRow: inputs + 2 + units },
    'pred/b': { lstm: 0, firstRow: 0 },
    'pred/w': { lstm: 0, firstRow: 1 },
  };
  return rows[name];
}

/** The header as `struct net` in kernel/net.h has it. */
export function encodeHeader(
  spec: ModelSpec,
  threads: number,
  spins: number,
  phases = ALL_PHASES,
): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const clipMode = { norm: 1, 'global-norm': 2, value: 3 }[spec.clipMode];
  new Int32Array(header.buffer).set([
    spec.units,
    spec.inputs,
    spec.classes,
    spec.batch,
    spec.model === 'wn' ? 1 : 0,
    spec.optimizer === 'adam' ? 1 : 0,
    spec.clip === null ? 0 : clipMode,
  ]);
  new Float32Array(header.buffer).set([spec.clip ?? 0, spec.forgetBias], 7);
  // With more threads than cores, spinning would keep the others from their work.
  new Int32Array(header.buffer).set(
    [threads, threads > usableCores() ? 0 : spins, phases, spec.timeSteps],
    THREADS_INDEX,
  );
  return header;
}
