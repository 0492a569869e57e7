/**
 * @file The native binding that tfjs-node's `NodeJSKernelBackend` expects, over TensorFlow's C API and koffi: no C++ to
 * build, so upstream's JavaScript runs unmodified on a current TensorFlow. Nothing in it knows of this project.
 */

import type { Handle, TensorFlow } from './library.js';

/** TensorFlow's numbers for types (tf_datatype.h) and attributes. */
export const TF = {
  TF_FLOAT: 1,
  TF_INT32: 3,
  TF_UINT8: 4,
  TF_INT8: 6,
  TF_STRING: 7,
  TF_COMPLEX64: 8,
  TF_INT64: 9,
  TF_BOOL: 10,
  TF_HALF: 19,
  TF_RESOURCE: 20,
  TF_ATTR_STRING: 0,
  TF_ATTR_INT: 1,
  TF_ATTR_FLOAT: 2,
  TF_ATTR_BOOL: 3,
  TF_ATTR_TYPE: 4,
  TF_ATTR_SHAPE: 5,
  TF_ATTR_RESOURCE: 6,
} as const;

/** An attribute of an op; a list where the op wants a list. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** A tensor that an op made. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** What tensors are made from: numbers, an int64 as two int32, or strings as bytes. */
export type TensorValues = Float32Array | Int32Array | Uint8Array | readonly Uint8Array[];

/** Where ops run. */
export interface Device {
  /** Such as `/job:localhost/replica:0/task:0/device:GPU:0`. */
  readonly name: string;
  readonly type: string;
  readonly memoryBytes: number;
}

/** TensorFlow's own message about an op or tensor. */
export class TensorFlowError extends Error {
  override readonly name = 'TensorFlowError';
}

const STRING_BYTES = 24; // sizeof(TF_TString)

// sizeof(TF_TString)

/** A binding and the context that it owns for the life of the process. */
export interface Binding {
  readonly devices: readonly Device[];
  /** The device that ops run on. */
  readonly device: Device;
  createTensor(shape: readonly number[], dtype: number, values: TensorValues): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array | Uint8Array[];
  executeOp(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[];
  isUsingGpuDevice(): boolean;
  getNumOfTensors(): number;
  /** Ops executed so far. */
  countOps(): number;
}

/** How a context is made. */
export interface BindingOptions {
  readonly device: 'cpu' | 'cuda';
  /** Threads within an op; 0 lets TensorFlow choose. */
  readonly threads: number;
}

/**
 * Makes a context and the binding over it.
 *
 * @throws {TensorFlowError} with TensorFlow's message; also from its methods
 */
export function createBinding(tf: TensorFlow, options: BindingOptions): Binding {
  const status = tf.newStatus();
  const check = (): void => {
    if (tf.statusCode(status) !== 0) throw new TensorFlowError(tf.statusMessage(status));
  };
  const checked = <Result>(result: Result): Result => {
    check();
    return result;
  };

  const contextOptions = tf.newOptions();
  const config = encodeConfig(options);
  tf.setConfig(contextOptions, config, config.length, status);
  check();
  const context = checked(tf.newContext(contextOptions, status));
  tf.deleteOptions(contextOptions);
  const devices = readDevices(tf, context, status, check);
  const wanted = options.device === 'cuda' ? 'GPU' : 'CPU';
  const device = devices.find(({ type }) => type === wanted);
  if (!device) {
    throw new TensorFlowError(
      `no ${wanted} among the devices: ${devices.map(({ name }) => name).join(', ')}`,
    );
  }

  const handles = new Map<number, Handle>();
  let nextId = 1;
  let opCount = 0;
  const keep = (handle: Handle): number => {
    handles.set(nextId, handle);
    return nextId++;
  };
  const handleOf = (id: number): Handle => {
    const handle = handles.get(id);
    if (handle === undefined) throw new TensorFlowError(`there is no tensor ${id}, or it was deleted`);
    return handle;
  };

  const setAttribute = (op: Handle, { name, type, value }: Attribute): void => {
    const list = Array.isArray(value) ? value : null;
    const length = list?.length ?? 0;
    if (type === TF.TF_ATTR_STRING) {
      const bytes = Buffer.from(String(value));
      tf.setString(op, name, bytes, bytes.length);
    } else if (type === TF.TF_ATTR_INT) {
      if (list) tf.setIntList(op, name, BigInt64Array.from(list, BigInt), length);
      else tf.setInt(op, name, Number(value));
    } else if (type === TF.TF_ATTR_FLOAT) {
      if (list) tf.setFloatList(op, name, Float32Array.from(list), length);
      else tf.setFloat(op, name, Number(value));
    } else if (type === TF.TF_ATTR_BOOL) {
      if (list) tf.setBoolList(op, name, Uint8Array.from(list, Number), length);
      else tf.setBool(op, name, Number(value));
    } else if (type === TF.TF_ATTR_TYPE) {
      if (list) tf.setTypeList(op, name, Int32Array.from(list), length);
      else tf.setType(op, name, Number(value));
    } else if (type === TF.TF_ATTR_SHAPE) {
      tf.setShape(op, name, BigInt64Array.from(list ?? [], BigInt), length, status);
      check();
    } else {
      throw new TensorFlowError(`attribute ${name} has a type that is not known: ${type}`);
    }
  };

  const describe = (handle: Handle): TensorMetadata => {
    const rank = checked(tf.handleRank(handle, status));
    const shape = Array.from({ length: rank }, (_, axis) => checked(tf.handleDim(handle, axis, status)));
    return { id: keep(handle), shape, dtype: tf.handleType(handle) };
  };

  return {
    ...TF,
    TF_Version: tf.version(),
    devices,
    device,
    createTensor: (shape, dtype, values) => {
      const bytes = Array.isArray(values) ? STRING_BYTES * values.length : (values as Uint8Array).byteLength;
      const tensor = tf.allocateTensor(dtype, BigInt64Array.from(shape, BigInt), shape.length, bytes);
      const data = tf.tensorData(tensor);
      if (Array.isArray(values)) {
        values.forEach((text: Uint8Array, index) => {
          tf.stringInit(data + STRING_BYTES * index);
          tf.stringCopy(data + STRING_BYTES * index, text, text.length);
        });
      } else {
        const { buffer, byteOffset } = values as Uint8Array;
        tf.copyIn(data, new Uint8Array(buffer, byteOffset, bytes), bytes);
      }
      const handle = tf.newHandle(tensor, status);
      tf.deleteTensor(tensor);
      return keep(checked(handle));
    },
    deleteTensor: (id) => {
      tf.deleteHandle(handleOf(id));
      handles.delete(id);
    },
    tensorDataSync: (id) => {
      const handle = handleOf(id);
      const tensor = checked(tf.resolve(handle, status)); // waits for the device
      try {
        return readTensor(tf, tensor, tf.handleType(handle));
      } finally {
        tf.deleteTensor(tensor);
      }
    },
    executeOp: (name, attributes, inputs, outputs) => {
      opCount++;
      const op = checked(tf.newOp(context, name, status));
      try {
        tf.setDevice(op, device.name, status);
        check();
        for (const attribute of attributes) setAttribute(op, attribute);
        for (const id of inputs) tf.addInput(op, handleOf(id), status);
        check();
        const results = new BigUint64Array(Math.max(1, outputs));
        const count = Int32Array.of(outputs);
        tf.execute(op, results, count, status);
        check();
        return Array.from({ length: count[0] }, (_, index) => describe(Number(results[index])));
      } finally {
        tf.deleteOp(op);
      }
    },
    isUsingGpuDevice: () => device.type === 'GPU',
    getNumOfTensors: () => handles.size,
    countOps: () => opCount,
  } as Binding;
}

/**
 * ConfigProto: intra_op_parallelism_threads = 2, inter_op = 5; gpu_options = 6 with allow_growth = 4 and
 * visible_device_list = 5, the first GPU alone.
 */
function encodeConfig({ threads }: BindingOptions): Uint8Array {
  const firstGpu = bytesField(5, [...Buffer.from('0')]);
  return Uint8Array.from([
    ...integerField(2, threads),
    ...integerField(5, 1),
    ...bytesField(6, [...integerField(4, 1), ...firstGpu]),
  ]);
}

function bytesField(field: number, bytes: readonly number[]): number[] {
  return [(field << 3) | 2, bytes.length, ...bytes];
}

/** A protocol buffer field of an integer, and one of bytes: all that a ConfigProto needs here. */
function integerField(field: number, value: number): number[] {
  const bytes = [field << 3];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest & 127) | 128);
  }
}

function readDevices(tf: TensorFlow, context: Handle, status: Handle, check: () => void): Device[] {
  const list = tf.listDevices(context, status);
  check();
  const devices = Array.from({ length: tf.deviceCount(list) }, (_, index) => ({
    name: tf.deviceName(list, index, status),
    type: tf.deviceType(list, index, status),
    memoryBytes: tf.deviceMemory(list, index, status),
  }));
  tf.deleteDeviceList(list);
  return devices;
}

/** A copy of a tensor's values; int64 and other types without a typed array of their own come as bytes. */
function readTensor(
  tf: TensorFlow,
  tensor: Handle,
  dtype: number,
): Float32Array | Int32Array | Uint8Array | Uint8Array[] {
  const bytes = tf.tensorBytes(tensor);
  const data = tf.tensorData(tensor);
  if (dtype === TF.TF_STRING) {
    return Array.from({ length: bytes / STRING_BYTES }, (_, index) => {
      const string = data + STRING_BYTES * index;
      const text = new Uint8Array(tf.stringSize(string));
      if (text.length > 0) tf.copyOut(text, tf.stringData(string), text.length);
      return text;
    });
  }
  const copy = new Uint8Array(bytes);
  if (bytes > 0) tf.copyOut(copy, data, bytes);
  switch (dtype) {
    case TF.TF_FLOAT:
    case TF.TF_COMPLEX64:
      return new Float32Array(copy.buffer);
    case TF.TF_INT32:
      return new Int32Array(copy.buffer);
    default:
      return copy;
  }
}
