/** @file NVIDIA's driver (the CUDA driver API), called through koffi. Handles and addresses on the device are bigints. */

import koffi, { type KoffiFunc, type LibraryHandle } from 'koffi';
import { UserError } from '../../errors.js';
import { driverError, NoGpuError, OLD_DRIVER } from './errors.js';

/** The parameters of each function, by its symbol. Results are written through pointers; the return value is a code. */
const PARAMETERS = {
  cuInit: 'unsigned int flags',
  cuDriverGetVersion: 'void *version',
  cuGetErrorName: 'int code, void *text',
  cuGetErrorString: 'int code, void *text',
  cuDeviceGetCount: 'void *count',
  cuDeviceGet: 'void *device, int ordinal',
  cuDeviceGetName: 'void *name, int bytes, int device',
  cuDeviceGetAttribute: 'void *value, int attribute, int device',
  cuDeviceTotalMem_v2: 'void *bytes, int device',
  cuDevicePrimaryCtxRetain: 'void *context, int device',
  cuDevicePrimaryCtxRelease_v2: 'int device',
  cuCtxSetCurrent: 'uintptr_t context',
  cuModuleLoadDataEx: 'void *module, const void *image, unsigned int options, void *names, void *values',
  cuModuleGetFunction: 'void *function, uintptr_t module, const char *name',
  cuFuncSetAttribute: 'uintptr_t function, int attribute, int value',
  cuMemGetInfo_v2: 'void *free, void *total',
  cuMemAlloc_v2: 'void *address, size_t bytes',
  cuMemFree_v2: 'uint64_t address',
  cuMemHostAlloc: 'void *address, size_t bytes, unsigned int flags',
  cuMemFreeHost: 'uintptr_t address',
  cuMemcpyHtoD_v2: 'uint64_t to, const void *from, size_t bytes',
  cuMemcpyDtoH_v2: 'void *to, uint64_t from, size_t bytes',
  cuMemcpyHtoDAsync_v2: 'uint64_t to, const void *from, size_t bytes, uintptr_t stream',
  cuMemcpyDtoHAsync_v2: 'void *to, uint64_t from, size_t bytes, uintptr_t stream',
  cuMemsetD8Async: 'uint64_t address, uint8_t value, size_t bytes, uintptr_t stream',
  cuStreamCreate: 'void *stream, unsigned int flags',
  cuStreamDestroy_v2: 'uintptr_t stream',
  cuStreamSynchronize: 'uintptr_t stream',
  cuStreamQuery: 'uintptr_t stream',
  cuStreamBeginCapture_v2: 'uintptr_t stream, int mode',
  cuStreamEndCapture: 'uintptr_t stream, void *graph',
  cuEventCreate: 'void *event, unsigned int flags',
  cuEventRecord: 'uintptr_t event, uintptr_t stream',
  cuEventSynchronize: 'uintptr_t event',
  cuEventDestroy_v2: 'uintptr_t event',
  cuGraphInstantiateWithFlags: 'void *executable, uintptr_t graph, uint64_t flags',
  cuGraphLaunch: 'uintptr_t executable, uintptr_t stream',
  cuGraphExecDestroy: 'uintptr_t executable',
  cuGraphDestroy: 'uintptr_t graph',
  cuLaunchKernel:
    'uintptr_t function, unsigned int blocks, unsigned int blocks_y, unsigned int blocks_z, unsigned int threads, ' +
    'unsigned int threads_y, unsigned int threads_z, unsigned int shared_bytes, uintptr_t stream, void *arguments, void *extra',
} as const;

/** A function of the driver. */
export type DriverFunction = keyof typeof PARAMETERS;

/** The functions of the driver that this program uses. */
export const DRIVER_FUNCTIONS = Object.keys(PARAMETERS) as DriverFunction[];

/** An argument: a number, a handle or address, or memory of this process that the function reads or writes. */
export type DriverArgument = number | bigint | string | NodeJS.ArrayBufferView | null;

/** The driver's functions. */
export interface Driver {
  /** Calls a function and returns its code: 0 for success. */
  readonly status: (name: DriverFunction, ...values: DriverArgument[]) => number;
  /**
   * Checks the code that a function returned.
   *
   * @throws {UserError} E_BACKEND unless it is 0
   */
  readonly check: (name: DriverFunction, code: number) => void;
  /**
   * Calls a function.
   *
   * @throws {UserError} E_BACKEND if it fails
   */
  readonly call: (name: DriverFunction, ...values: DriverArgument[]) => void;
  /** Calls a function whose first parameter points to a handle, an address or a size, and returns that. */
  readonly result: (name: DriverFunction, ...values: DriverArgument[]) => bigint;
  /** Calls a function whose first parameter points to an integer, and returns that. */
  readonly integer: (name: DriverFunction, ...values: DriverArgument[]) => number;
}

/**
 * Loads the driver's library, or the one that WNLSTM_LIBCUDA names.
 *
 * @throws {UserError} E_BACKEND if there is none, or if it lacks a function
 */
export function loadDriver(): Driver {
  const path = process.env.WNLSTM_LIBCUDA || (process.platform === 'win32' ? 'nvcuda.dll' : 'libcuda.so.1');
  const library = loadLibrary(path);
  const functions = findFunctions(library, path);
  const status: Driver['status'] = (name, ...values) => functions[name](...values);
  const describe = (code: number): string => {
    const [name, text] = (['cuGetErrorName', 'cuGetErrorString'] as const).map((describing) => {
      const address = new BigUint64Array(1);
      if (status(describing, code, address) !== 0 || !address[0]) return '';
      return koffi.decode.string(address[0]);
    });
    return name ? `${name}, ${text}` : `code ${code}`;
  };
  const check: Driver['check'] = (name, code) => {
    if (code !== 0) throw driverError(name, code, describe(code));
  };
  const call: Driver['call'] = (name, ...values) => check(name, status(name, ...values));
  return {
    status,
    check,
    call,
    result: (name, ...values) => {
      const result = new BigUint64Array(1);
      call(name, result, ...values);
      return result[0] ?? 0n;
    },
    integer: (name, ...values) => {
      const result = new Int32Array(1);
      call(name, result, ...values);
      return result[0] ?? 0;
    },
  };
}

function loadLibrary(path: string): LibraryHandle {
  try {
    return koffi.load(path);
  } catch (error) {
    const reason = (error as Error).message.replace(/\.$/, '');
    throw new NoGpuError('E_BACKEND', `Could not load NVIDIA's driver, ${path}: ${reason}.`, {
      hint: 'On a machine with an NVIDIA GPU, install its driver. On others, use `--backend native`, which gives the same results.',
      cause: error,
    });
  }
}

type Callable = KoffiFunc<(...values: DriverArgument[]) => number>;
type Functions = Readonly<Record<DriverFunction, Callable>>;

function findFunctions(library: LibraryHandle, path: string): Functions {
  const functions: Partial<Record<DriverFunction, Callable>> = {};
  try {
    for (const name of DRIVER_FUNCTIONS) functions[name] = library.func(`int ${name}(${PARAMETERS[name]})`);
  } catch (error) {
    const reason = (error as Error).message.replace(/\.$/, '');
    if (functions.cuInit === undefined)
      throw new UserError('E_BACKEND', `${path} is not NVIDIA's driver: ${reason}.`, {
        hint: 'Set WNLSTM_LIBCUDA to the path of libcuda.so.1, or unset it.',
        cause: error,
      });
    throw new UserError('E_BACKEND', `NVIDIA's driver, ${path}, is too old: ${reason}.`, {
      hint: OLD_DRIVER,
      cause: error,
    });
  }
  return functions as Functions;
}
