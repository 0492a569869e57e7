/** @file TensorFlow ops as functions on tfjs tensors; each call runs one op. */

import type * as tf from '@tensorflow/tfjs';
import { execute, type OpenedTensorFlow, type TensorTuple } from './backend.js';
import { type Attribute, TF } from './binding.js';

type Tensor = tf.Tensor;
const FLOAT = type('T', TF.TF_FLOAT);
const INDEX = type('Tidx', TF.TF_INT32);

/** See `createOps`. */
export type Ops = ReturnType<typeof createOps>;

/** The ops, on one opened TensorFlow. */
export function createOps(opened: OpenedTensorFlow) {
  const run = <Count extends number>(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly Tensor[],
    outputs: Count,
  ): TensorTuple<Count> => execute(opened, name, attributes, inputs, outputs);
  const one = (name: string, attributes: readonly Attribute[], inputs: readonly Tensor[]): Tensor =>
    run(name, attributes, inputs, 1)[0];
  /** An op on float32 without other attributes; two inputs are broadcast. */
  const plain =
    (name: string) =>
    (...inputs: Tensor[]): Tensor =>
      one(name, [FLOAT], inputs);
  return {
    run,
    add: plain('AddV2'),
    subtract: plain('Sub'),
    multiply: plain('Mul'),
    divide: plain('RealDiv'),
    maximum: plain('Maximum'),
    minimum: plain('Minimum'),
    square: plain('Square'),
    squareRoot: plain('Sqrt'),
    inverseRoot: plain('Rsqrt'),
    absolute: plain('Abs'),
    /** Half the sum of squares, a scalar. */
    halfSquare: plain('L2Loss'),
    biasAdd: plain('BiasAdd'),
    biasAddGradient: plain('BiasAddGrad'),
    isGreater: plain('Greater'),
    cast: (x: Tensor, from: number, to: number): Tensor =>
      one('Cast', [type('SrcT', from), type('DstT', to)], [x]),
    /** Sums over an axis, which is an int32 tensor. */
    sum: (x: Tensor, axis: Tensor): Tensor => one('Sum', [FLOAT, INDEX, flag('keep_dims', false)], [x, axis]),
    mean: (x: Tensor, axis: Tensor): Tensor =>
      one('Mean', [FLOAT, INDEX, flag('keep_dims', false)], [x, axis]),
    matMul: (a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor =>
      one('MatMul', [FLOAT, flag('transpose_a', transposeA), flag('transpose_b', transposeB)], [a, b]),
    concat: (axis: Tensor, ...parts: Tensor[]): Tensor =>
      one('ConcatV2', [FLOAT, INDEX, integer('N', parts.length)], [...parts, axis]),
    splitRows: (x: Tensor, sizes: Tensor, axis: Tensor): Tensor[] =>
      run(
        'SplitV',
        [FLOAT, type('Tlen', TF.TF_INT32), integer('num_split', sizes.size)],
        [x, sizes, axis],
        sizes.size,
      ),
    slice: (x: Tensor, begin: Tensor, size: Tensor): Tensor =>
      one('Slice', [FLOAT, type('Index', TF.TF_INT32)], [x, begin, size]),
    reshape: (x: Tensor, shape: Tensor): Tensor =>
      one('Reshape', [FLOAT, type('Tshape', TF.TF_INT32)], [x, shape]),
    transpose: (x: Tensor, order: Tensor): Tensor =>
      one('Transpose', [FLOAT, type('Tperm', TF.TF_INT32)], [x, order]),
    /** Gathers along an axis. The gather of tfjs itself would copy the indices to the host. */
    gather: (x: Tensor, indices: Tensor, axis: Tensor, dtype: number): Tensor =>
      one(
        'GatherV2',
        [type('Tparams', dtype), type('Tindices', TF.TF_INT32), type('Taxis', TF.TF_INT32)],
        [x, indices, axis],
      ),
    pack: (...scalars: Tensor[]): Tensor =>
      one('Pack', [FLOAT, integer('N', scalars.length), integer('axis', 0)], scalars),
    unpack: (x: Tensor, count: number): Tensor[] =>
      run('Unpack', [FLOAT, integer('num', count), integer('axis', 0)], [x], count),
    /** Class indices as int64, because int32 tensors lie in host memory when the others are on a GPU. */
    argMax: (x: Tensor, axis: Tensor): Tensor =>
      one('ArgMax', [FLOAT, INDEX, type('output_type', TF.TF_INT64)], [x, axis]),
    /** Compares int64. */
    equal: (a: Tensor, b: Tensor): Tensor => one('Equal', [type('T', TF.TF_INT64)], [a, b]),
    /** Losses `[B]` and their gradient `[B, C]`; labels are int64. */
    softmaxCrossEntropy: (logits: Tensor, labels: Tensor): [Tensor, Tensor] =>
      run('SparseSoftmaxCrossEntropyWithLogits', [FLOAT, type('Tlabels', TF.TF_INT64)], [logits, labels], 2),
  };
}

function type(name: string, value: number): Attribute {
  return { name, type: TF.TF_ATTR_TYPE, value };
}

function flag(name: string, value: boolean): Attribute {
  return { name, type: TF.TF_ATTR_BOOL, value };
}

function integer(name: string, value: number): Attribute {
  return { name, type: TF.TF_ATTR_INT, value };
}
