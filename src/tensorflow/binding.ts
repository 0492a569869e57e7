/**
 * @file The native binding that tfjs-node's `NodeJSKernelBackend` expects, implemented on TensorFlow's C API through koffi.
 * So upstream's JavaScript runs unmodified on a current TensorFlow, without a C++ build. Independent of this project.
 */

import type { Handle, TensorFlow } from './library.js';

/** TensorFlow's numbers of data types (tf_datatype.h) and attribute types. */
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

/** An attribute of an op. Its value is an array where the op expects a list. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The output of an op. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** The values of a new tensor: numbers, int64 as two int32, or strings as bytes. */
export type TensorValues = Float32Array | Int32Array | Uint8Array | readonly Uint8Array[];

/** A device that can run ops. */
export interface Device {
  /** For example `/job:localhost/replica:0/task:0/device:GPU:0`. */
  readonly name: string;
  readonly type: string;
  readonly memoryBytes: number;
}

/** An error that TensorFlow reports. */
export class TensorFlowError extends Error {
  override readonly name = 'TensorFlowError';
}

const STRING_BYTES = 24; // sizeof(TF_TString)

/** A binding, which owns a context for the lifetime of the process. */
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
  /** Number of ops executed so far. */
  countOps(): number;
}

/** The options of a context. */
export interface BindingOptions {
  readonly device: 'cpu' | 'cuda';
  /** Threads within an op; 0 lets TensorFlow choose. */
  readonly threads: number;
}

/**
 * Creates a context and a binding on it.
 *
 * @throws {TensorFlowError} with TensorFlow's message; its methods throw it too
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
  const deviceType = options.device === 'cuda' ? 'GPU' : 'CPU';
  const device = devices.find(({ type }) => type === deviceType);
  if (!device) {
    throw new TensorFlowError(`found no ${deviceType}, only ${devices.map(({ name }) => name).join(', ')}`);
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
    if (handle === undefined) throw new TensorFlowError(`there is no tensor ${id}; it may have been deleted`);
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
      throw new TensorFlowError(`attribute ${name} has the unknown type ${type}`);
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
        const [length = 0] = count;
        return Array.from(results.subarray(0, length), (handle) => describe(Number(handle)));
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
 * Encodes a ConfigProto. Fields: intra_op_parallelism_threads = 2, inter_op_parallelism_threads = 5, gpu_options = 6 with
 * allow_growth = 4 and visible_device_list = 5, which is the first GPU only.
 */
function encodeConfig({ threads }: BindingOptions): Uint8Array {
  const firstGpu = bytesField(5, [...Buffer.from('0')]);
  return Uint8Array.from([
    ...integerField(2, threads),
    ...integerField(5, 1),
    ...bytesField(6, [...integerField(4, 1), ...firstGpu]),
  ]);
}

/** A length-delimited field of a protocol buffer, of less than 128 bytes. */
function bytesField(field: number, bytes: readonly number[]): number[] {
  return [(field << 3) | 2, bytes.length, ...bytes];
}

/** A varint field of a protocol buffer. */
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

/** Copies the values of a tensor. int64 and other types without a matching typed array are returned as bytes. */
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
