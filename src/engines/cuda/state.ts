/** @file Parameters and moments between states and the memory of the device. */

import { type ModelSpec, parameterShapes, sizeOf } from '../../model/spec.js';
import type { NamedArray, TrainingState } from '../../model/state.js';
import { arrayIn, slotName } from '../engine.js';
import { placeOf } from '../fused/place.js';
import type { CudaDevice } from './device.js';
import { addressOf, type DeviceBlock, download, upload } from './memory.js';
import { matrixOf } from './network.js';

/** The number of each buffer in kernel/network.h. */
const BUFFERS = { value: 0, m: 2, v: 3 } as const;

/** Rows of a matrix on the device. */
interface Place {
  readonly matrix: string;
  readonly firstRow: number;
  /** In floats. */
  readonly stride: number;
}

/** An array of a state, and the rows of a matrix on the device that hold it. */
interface PlacedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly place: Place;
}

/** Parameters and moments on the device. */
export interface DeviceState {
  /** Reads every parameter and moment. The device must be done with them. */
  read(): Map<string, NamedArray>;
  /**
   * Prepares to write every parameter and moment of a state.
   *
   * @returns writes them; the device must be done with them
   * @throws {UserError} E_CHECKPOINT if an array is missing or has another shape
   */
  prepare(state: TrainingState): () => void;
}

/** Finds the parameters and moments of a network in its block. */
export function createDeviceState(device: CudaDevice, block: DeviceBlock, spec: ModelSpec): DeviceState {
  const tensors = placeTensors(spec);
  const matrices = [...new Set(tensors.map(({ place }) => place.matrix))];
  const bytesOf = (matrix: string): number => block.sizes.get(matrix) ?? 0;
  return {
    read: () => {
      const values = new Map(
        matrices.map((matrix) => {
          const bytes = download(device, addressOf(block, matrix), bytesOf(matrix));
          return [matrix, new Float32Array(bytes.buffer)];
        }),
      );
      const state = new Map<string, NamedArray>();
      for (const { name, shape, place } of tensors) {
        const data = new Float32Array(sizeOf(shape));
        eachRow(shape, place, (row, from) => data.set(valuesIn(values, place).subarray(...from), row));
        state.set(name, { shape, data });
      }
      return state;
    },
    prepare: (state) => {
      // The padding of the rows is zero.
      const values = new Map(matrices.map((matrix) => [matrix, new Float32Array(bytesOf(matrix) / 4)]));
      for (const { name, shape, place } of tensors) {
        const { data } = arrayIn(state, name, shape);
        eachRow(shape, place, (row, [first, end]) =>
          valuesIn(values, place).set(data.subarray(row, row + end - first), first),
        );
      }
      return () => {
        for (const [matrix, { buffer }] of values)
          upload(device, addressOf(block, matrix), new Uint8Array(buffer));
      };
    },
  };
}

function placeTensors(spec: ModelSpec): PlacedTensor[] {
  const buffers = spec.optimizer === 'adam' ? (['value', 'm', 'v'] as const) : (['value'] as const);
  return Object.entries(parameterShapes(spec)).flatMap(([name, shape]) =>
    buffers.map((buffer) => {
      const { lstm, firstRow } = placeOf(name, spec);
      const matrix = lstm ? 'lstm' : 'pred';
      return {
        name: buffer === 'value' ? name : slotName(buffer, name),
        shape,
        place: { matrix: `${matrix}${BUFFERS[buffer]}`, firstRow, stride: matrixOf(spec, matrix).stride },
      };
    }),
  );
}

/** Calls a function with the offset of each row in a tensor, and with its first and last position in the matrix. */
function eachRow(
  shape: readonly number[],
  { firstRow, stride }: Place,
  visit: (row: number, range: readonly [number, number]) => void,
): void {
  const columns = shape.at(-1) ?? 1;
  for (let row = 0; row < sizeOf(shape) / columns; row++) {
    const first = (firstRow + row) * stride;
    visit(row * columns, [first, first + columns]);
  }
}

function valuesIn(matrices: ReadonlyMap<string, Float32Array>, { matrix }: Place): Float32Array {
  const values = matrices.get(matrix);
  if (!values) throw new Error(`the network has no array ${matrix}`);
  return values;
}
