/** @file TensorFlow's C API, called through koffi. Handles are numbers. */

import { join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';
import { cudaLibraries } from './cuda-libraries.js';
import { LIBRARIES } from './install/installation.js';
import { assertTrusted } from './trust.js';

const RTLD_NOW = 2;
const RTLD_GLOBAL = 0x100;
const RTLD_NODELETE = 0x1000;

/** A pointer from TensorFlow; 0 is the null pointer. */
export type Handle = number;

/** The C functions that the binding calls; see tensorflow/c/c_api.h and tensorflow/c/eager/c_api.h. */
export interface TensorFlow {
  version(): string;
  newStatus(): Handle;
  statusCode(status: Handle): number;
  statusMessage(status: Handle): string;

  allocateTensor(dtype: number, dims: BigInt64Array, rank: number, bytes: number): Handle;
  deleteTensor(tensor: Handle): void;
  tensorData(tensor: Handle): Handle;
  tensorBytes(tensor: Handle): number;
  /** memcpy into TensorFlow's memory, and out of it. */
  copyIn(target: Handle, source: Uint8Array, bytes: number): void;
  copyOut(target: Uint8Array, source: Handle, bytes: number): void;
  stringInit(string: Handle): void;
  stringCopy(string: Handle, bytes: Uint8Array, length: number): void;
  stringSize(string: Handle): number;
  stringData(string: Handle): Handle;

  newOptions(): Handle;
  setConfig(options: Handle, proto: Uint8Array, length: number, status: Handle): void;
  deleteOptions(options: Handle): void;
  newContext(options: Handle, status: Handle): Handle;
  listDevices(context: Handle, status: Handle): Handle;
  deviceCount(list: Handle): number;
  deviceName(list: Handle, index: number, status: Handle): string;
  deviceType(list: Handle, index: number, status: Handle): string;
  deviceMemory(list: Handle, index: number, status: Handle): number;
  deleteDeviceList(list: Handle): void;

  newHandle(tensor: Handle, status: Handle): Handle;
  deleteHandle(handle: Handle): void;
  handleType(handle: Handle): number;
  handleRank(handle: Handle, status: Handle): number;
  handleDim(handle: Handle, axis: number, status: Handle): number;
  resolve(handle: Handle, status: Handle): Handle;

  newOp(context: Handle, name: string, status: Handle): Handle;
  deleteOp(op: Handle): void;
  setDevice(op: Handle, device: string, status: Handle): void;
  addInput(op: Handle, input: Handle, status: Handle): void;
  setString(op: Handle, name: string, value: Uint8Array, length: number): void;
  setInt(op: Handle, name: string, value: number): void;
  setFloat(op: Handle, name: string, value: number): void;
  setBool(op: Handle, name: string, value: number): void;
  setType(op: Handle, name: string, value: number): void;
  setShape(op: Handle, name: string, dims: BigInt64Array, rank: number, status: Handle): void;
  setIntList(op: Handle, name: string, values: BigInt64Array, count: number): void;
  setFloatList(op: Handle, name: string, values: Float32Array, count: number): void;
  setBoolList(op: Handle, name: string, values: Uint8Array, count: number): void;
  setTypeList(op: Handle, name: string, values: Int32Array, count: number): void;
  execute(op: Handle, outputs: BigUint64Array, count: Int32Array, status: Handle): void;
}

/**
 * Loads the two libraries. The environment variables that TensorFlow reads must be set before.
 *
 * @param directory folder of the libraries
 * @throws {UserError} E_BACKEND if another user can write to them
 */
export function loadTensorFlow(directory: string): TensorFlow {
  assertTrusted(directory);
  const libc = koffi.load(null);
  const dlopen = libc.func('void *dlopen(const char *path, int flags)');
  // The C API spans both libraries, and the second depends on the first. koffi unloads libraries at exit, which crashes
  // in their destructors; RTLD_NODELETE keeps them loaded.
  const open = (path: string): boolean => dlopen(path, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE) !== null;
  // TensorFlow does not search under nvidia/, but finds libraries that are already loaded.
  for (const path of cudaLibraries(directory).filter((each) => each.startsWith(directory))) open(path);
  const libraries = LIBRARIES.map((name) => {
    const path = join(directory, name);
    open(path);
    return koffi.load(path, { global: true });
  });
  const declare = (signature: string): ReturnType<LibraryHandle['func']> => {
    for (const library of libraries) {
      try {
        return library.func(signature.replaceAll('handle', 'uintptr_t'));
      } catch {
        // The function is in the other library.
      }
    }
    throw new Error(`TensorFlow has no ${signature}`);
  };
  return {
    version: declare('const char *TF_Version(void)'),
    newStatus: declare('handle TF_NewStatus(void)'),
    statusCode: declare('int TF_GetCode(handle status)'),
    statusMessage: declare('const char *TF_Message(handle status)'),

    allocateTensor: declare(
      'handle TF_AllocateTensor(int dtype, const int64_t *dims, int rank, size_t bytes)',
    ),
    deleteTensor: declare('void TF_DeleteTensor(handle tensor)'),
    tensorData: declare('handle TF_TensorData(handle tensor)'),
    tensorBytes: declare('size_t TF_TensorByteSize(handle tensor)'),
    copyIn: libc.func('void *memcpy(uintptr_t target, const void *source, size_t bytes)'),
    copyOut: libc.func('void *memcpy(void *target, uintptr_t source, size_t bytes)'),
    stringInit: declare('void TF_StringInit(handle string)'),
    stringCopy: declare('void TF_StringCopy(handle string, const void *bytes, size_t length)'),
    stringSize: declare('size_t TF_StringGetSize(handle string)'),
    stringData: declare('handle TF_StringGetDataPointer(handle string)'),

    newOptions: declare('handle TFE_NewContextOptions(void)'),
    setConfig: declare(
      'void TFE_ContextOptionsSetConfig(handle options, const void *proto, size_t length, handle status)',
    ),
    deleteOptions: declare('void TFE_DeleteContextOptions(handle options)'),
    newContext: declare('handle TFE_NewContext(handle options, handle status)'),
    listDevices: declare('handle TFE_ContextListDevices(handle context, handle status)'),
    deviceCount: declare('int TF_DeviceListCount(handle list)'),
    deviceName: declare('const char *TF_DeviceListName(handle list, int index, handle status)'),
    deviceType: declare('const char *TF_DeviceListType(handle list, int index, handle status)'),
    deviceMemory: declare('int64_t TF_DeviceListMemoryBytes(handle list, int index, handle status)'),
    deleteDeviceList: declare('void TF_DeleteDeviceList(handle list)'),

    newHandle: declare('handle TFE_NewTensorHandle(handle tensor, handle status)'),
    deleteHandle: declare('void TFE_DeleteTensorHandle(handle tensor)'),
    handleType: declare('int TFE_TensorHandleDataType(handle tensor)'),
    handleRank: declare('int TFE_TensorHandleNumDims(handle tensor, handle status)'),
    handleDim: declare('int64_t TFE_TensorHandleDim(handle tensor, int axis, handle status)'),
    resolve: declare('handle TFE_TensorHandleResolve(handle tensor, handle status)'),

    newOp: declare('handle TFE_NewOp(handle context, const char *name, handle status)'),
    deleteOp: declare('void TFE_DeleteOp(handle op)'),
    setDevice: declare('void TFE_OpSetDevice(handle op, const char *device, handle status)'),
    addInput: declare('void TFE_OpAddInput(handle op, handle input, handle status)'),
    setString: declare(
      'void TFE_OpSetAttrString(handle op, const char *name, const void *value, size_t length)',
    ),
    setInt: declare('void TFE_OpSetAttrInt(handle op, const char *name, int64_t value)'),
    setFloat: declare('void TFE_OpSetAttrFloat(handle op, const char *name, float value)'),
    setBool: declare('void TFE_OpSetAttrBool(handle op, const char *name, uint8_t value)'),
    setType: declare('void TFE_OpSetAttrType(handle op, const char *name, int value)'),
    setShape: declare(
      'void TFE_OpSetAttrShape(handle op, const char *name, const int64_t *dims, int rank, handle status)',
    ),
    setIntList: declare(
      'void TFE_OpSetAttrIntList(handle op, const char *name, const int64_t *values, int count)',
    ),
    setFloatList: declare(
      'void TFE_OpSetAttrFloatList(handle op, const char *name, const float *values, int count)',
    ),
    setBoolList: declare(
      'void TFE_OpSetAttrBoolList(handle op, const char *name, const uint8_t *values, int count)',
    ),
    setTypeList: declare(
      'void TFE_OpSetAttrTypeList(handle op, const char *name, const int *values, int count)',
    ),
    execute: declare(
      'void TFE_Execute(handle op, _Out_ uint64_t *outputs, _Inout_ int *count, handle status)',
    ),
  };
}
