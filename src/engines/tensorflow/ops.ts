/** @file TensorFlow ops by their own names: each function is one op, on tfjs tensors. */

import type * as tf from '@tensorflow/tfjs';
import { execute, type OpenedTensorFlow } from '../../tensorflow/backend.js';
import { type Attribute, TF } from '../../tensorflow/binding.js';

type Tensor = tf.Tensor;
const FLOAT = type('T', TF.TF_FLOAT);
const INDEX = type('Tidx', TF.TF_INT32);

export type Ops = ReturnType<typeof createOps>;

/** What the step is written in. Shapes are TensorFlow's; nothing is broadcast but where it says so. */
export function createOps(opened: OpenedTensorFlow) {
  const run = (
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly Tensor[],
    outputs = 1,
  ): Tensor[] => execute(opened, name, attributes, inputs, outputs);
  const one = (name: string, attributes: readonly Attribute[], inputs: readonly Tensor[]): Tensor =>
    run(name, attributes, inputs)[0];
  /** An op of floats with nothing but a type; two inputs are broadcast. */
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
    /** Over an axis that is an int32 tensor. */
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
    /** Rows of a matrix; tfjs' own gather would read the indices back. */
    gather: (x: Tensor, indices: Tensor, axis: Tensor, of: number): Tensor =>
      one(
        'GatherV2',
        [type('Tparams', of), type('Tindices', TF.TF_INT32), type('Taxis', TF.TF_INT32)],
        [x, indices, axis],
      ),
    pack: (...scalars: Tensor[]): Tensor =>
      one('Pack', [FLOAT, integer('N', scalars.length), integer('axis', 0)], scalars),
    unpack: (x: Tensor, count: number): Tensor[] =>
      run('Unpack', [FLOAT, integer('num', count), integer('axis', 0)], [x], count),
    /** Classes as int64, for int32 tensors lie in the host's memory when the rest is on a GPU. */
    argMax: (x: Tensor, axis: Tensor): Tensor =>
      one('ArgMax', [FLOAT, INDEX, type('output_type', TF.TF_INT64)], [x, axis]),
    /** Of int64. */
    equal: (a: Tensor, b: Tensor): Tensor => one('Equal', [type('T', TF.TF_INT64)], [a, b]),
    /** Losses `[B]` and their gradient `[B, C]`; labels are int64. */
    softmaxCrossEntropy: (logits: Tensor, labels: Tensor): Tensor[] =>
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
