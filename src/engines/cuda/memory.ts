/** @file Memory, streams and events of a device, with one owner that frees them all. */

import koffi from 'koffi';
import type { CudaDevice } from './device.js';
import type { DriverFunction } from './driver.js';
import { deviceMemoryError, OUT_OF_MEMORY } from './errors.js';
import type { DeviceArray } from './network.js';

/** Arrays on the device start at multiples of this. */
const ALIGNMENT = 256;

/** CU_STREAM_NON_BLOCKING: the stream does not wait for the default stream. */
const NON_BLOCKING = 1;

/** CU_EVENT_DISABLE_TIMING. */
const NO_TIMING = 2;

/** Arrays in one allocation on the device. */
export interface DeviceBlock {
  readonly address: bigint;
  readonly bytes: number;
  /** The address of each array by name. */
  readonly pointers: ReadonlyMap<string, bigint>;
  /** The size of each array by name. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** Memory of this process that the device can copy without a detour. */
export interface PinnedMemory {
  readonly address: bigint;
  readonly buffer: ArrayBuffer;
}

/** Everything that an engine holds on a device. */
export interface Resources {
  /**
   * Allocates arrays on the device.
   *
   * @throws {UserError} E_BACKEND if the device has too little free memory
   */
  allocate(arrays: readonly DeviceArray[]): DeviceBlock;
  pin(bytes: number): PinnedMemory;
  /** A stream that waits for no other stream. */
  stream(): bigint;
  event(): bigint;
  /** Calls a function when the resources are freed. */
  own(release: () => void): void;
  /**
   * Waits for the streams, then frees everything in reverse order. Errors of the driver are ignored: after a failure of the
   * device, each call returns one.
   */
  free(): void;
}

/** Makes an empty owner. */
export function createResources({ driver }: CudaDevice): Resources {
  const releases: (() => void)[] = [];
  const streams: bigint[] = [];
  const ownHandle = (handle: bigint, release: DriverFunction): bigint => {
    releases.push(() => driver.status(release, handle));
    return handle;
  };
  const allocateBytes = (bytes: number): bigint => {
    const address = new BigUint64Array(1);
    const code = driver.status('cuMemAlloc_v2', address, bytes);
    if (code === OUT_OF_MEMORY) {
      const [free, total] = [new BigUint64Array(1), new BigUint64Array(1)];
      driver.call('cuMemGetInfo_v2', free, total);
      throw deviceMemoryError(bytes, Number(free[0]));
    }
    driver.check('cuMemAlloc_v2', code);
    return ownHandle(address[0] ?? 0n, 'cuMemFree_v2');
  };
  return {
    allocate: (arrays) => {
      const offsets = new Map<string, number>();
      let bytes = 0;
      for (const array of arrays) {
        offsets.set(array.name, bytes);
        bytes += Math.ceil(array.bytes / ALIGNMENT) * ALIGNMENT;
      }
      const address = allocateBytes(bytes);
      return {
        address,
        bytes,
        pointers: new Map([...offsets].map(([name, offset]) => [name, address + BigInt(offset)])),
        sizes: new Map(arrays.map((array) => [array.name, array.bytes])),
      };
    },
    pin: (bytes) => {
      const address = ownHandle(driver.result('cuMemHostAlloc', bytes, 0), 'cuMemFreeHost');
      const buffer = koffi.view(address, bytes);
      new Uint8Array(buffer).fill(0);
      return { address, buffer };
    },
    stream: () => {
      const stream = ownHandle(driver.result('cuStreamCreate', NON_BLOCKING), 'cuStreamDestroy_v2');
      streams.push(stream);
      return stream;
    },
    event: () => ownHandle(driver.result('cuEventCreate', NO_TIMING), 'cuEventDestroy_v2'),
    own: (release) => releases.push(release),
    free: () => {
      // The device may still use what is freed.
      for (const stream of streams.splice(0)) driver.status('cuStreamSynchronize', stream);
      for (const release of releases.splice(0).reverse()) release();
    },
  };
}

/** The address of an array. */
export function addressOf({ pointers }: DeviceBlock, name: string): bigint {
  const address = pointers.get(name);
  if (address === undefined) throw new Error(`the network has no array ${name}`);
  return address;
}

/** Copies bytes to the device and waits until they are there. The device must be done with that memory. */
export function upload({ driver }: CudaDevice, address: bigint, bytes: Uint8Array): void {
  driver.call('cuMemcpyHtoD_v2', address, bytes, bytes.byteLength);
  driver.call('cuStreamSynchronize', 0n); // a copy from memory that is not pinned may return early
}

/** Copies bytes from the device. The device must be done with that memory. */
export function download({ driver }: CudaDevice, address: bigint, bytes: number): Uint8Array {
  const result = new Uint8Array(new ArrayBuffer(bytes));
  driver.call('cuMemcpyDtoH_v2', result, address, bytes);
  return result;
}
