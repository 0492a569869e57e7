/** @file An ONNX model of a run. Field numbers are those of onnx.proto (https://github.com/onnx/onnx). */

import type { FoundRun } from '../runs/reading.js';
import { describeRun } from './describe-run.js';
import { bytes, encode, integer, integers, message, text } from './protobuf.js';
import { type GateOrder, type PlainModel, readPlainModel, reorderGates } from './weights.js';

/** ONNX's order of the gates. */
export const ONNX_GATES = ['i', 'o', 'f', 'g'] as const satisfies GateOrder;

/** Versions of 2022, which every current runtime reads. */
const [IR_VERSION, OPERATORS] = [8, 17] as const;
const [FLOAT, INT64] = [1, 7] as const;
/** AttributeProto.AttributeType. */
const [INT, INTS] = [2, 7] as const;

/**
 * Encodes the last weights of a completed run as a model file.
 *
 * The input `images` is float32 `[N, rows, columns]` with pixels from 0 to 1, and the output `probabilities` float32
 * `[N, classes]`.
 *
 * @throws {UserError} E_CHECKPOINT if the weights cannot be read
 */
export function onnxBytes(run: FoundRun): Uint8Array {
  const { description, properties, version } = describeRun(run);
  return encode(
    integer(1, IR_VERSION),
    text(2, 'wnlstm'),
    text(3, version),
    text(6, description),
    message(7, ...graph(run.record.run_id, readPlainModel(run))),
    message(8, text(1, ''), integer(2, OPERATORS)),
    ...Object.entries(properties).map(([key, value]) => message(14, text(1, key), text(2, value))),
  );
}

/** The fields of a GraphProto: rows first, LSTM, last hidden state, prediction layer, softmax. */
function graph(name: string, model: PlainModel): Uint8Array[] {
  const { inputs, units, classes, predW, predB } = model;
  const { w, r, b } = lstmTensors(model);
  return [
    node('Transpose', ['images'], ['rows'], intsAttribute('perm', [1, 0, 2])),
    node('LSTM', ['rows', 'W', 'R', 'B'], ['', 'hidden'], intAttribute('hidden_size', units)),
    node('Squeeze', ['hidden', 'axes'], ['last']),
    node('Gemm', ['last', 'pred/w', 'pred/b'], ['logits']),
    node('Softmax', ['logits'], ['probabilities'], intAttribute('axis', 1)),
    text(2, name),
    tensor('W', [1, 4 * units, inputs], w),
    tensor('R', [1, 4 * units, units], r),
    tensor('B', [1, 8 * units], b),
    tensor('axes', [1], BigInt64Array.of(0n)),
    tensor('pred/w', [units, classes], predW),
    tensor('pred/b', [classes], predB),
    valueInfo(11, 'images', ['N', inputs, inputs]),
    valueInfo(12, 'probabilities', ['N', classes]),
  ];
}

/**
 * The weights of an LSTM node, with the gates in ONNX's order along the rows.
 *
 * @returns `w` `[4H, I]`, `r` `[4H, H]` and `b` `[8H]`, the biases of both; the second half is 0
 */
export function lstmTensors({ inputs, units, wx, wh, b }: PlainModel): Record<'w' | 'r' | 'b', Float32Array> {
  const ordered = (values: Float32Array): Float32Array => reorderGates(values, units, ONNX_GATES);
  const biases = new Float32Array(8 * units);
  biases.set(ordered(b));
  return { w: transpose(ordered(wx), inputs), r: transpose(ordered(wh), units), b: biases };
}

function transpose(matrix: Float32Array, rows: number): Float32Array {
  const columns = matrix.length / rows;
  return matrix.map((_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)] ?? 0);
}

function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  ...attributes: readonly Uint8Array[]
): Uint8Array {
  const names = [...inputs.map((name) => text(1, name)), ...outputs.map((name) => text(2, name))];
  return message(1, ...names, text(3, operator.toLowerCase()), text(4, operator), ...attributes);
}

function intAttribute(name: string, value: number): Uint8Array {
  return message(5, text(1, name), integer(3, value), integer(20, INT));
}

function intsAttribute(name: string, values: readonly number[]): Uint8Array {
  return message(5, text(1, name), ...values.map((value) => integer(8, value)), integer(20, INTS));
}

function tensor(name: string, shape: readonly number[], data: Float32Array | BigInt64Array): Uint8Array {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const type = data instanceof Float32Array ? FLOAT : INT64;
  return message(5, integers(1, shape), integer(2, type), text(8, name), bytes(9, raw));
}

/** The type and shape of an input (field 11) or output (field 12); a text is a size that is not fixed. */
function valueInfo(field: 11 | 12, name: string, shape: readonly (number | string)[]): Uint8Array {
  const sizes = shape.map((size) => message(1, typeof size === 'string' ? text(2, size) : integer(1, size)));
  return message(field, text(1, name), message(2, message(1, integer(1, FLOAT), message(2, ...sizes))));
}
