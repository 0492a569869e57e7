/** @file The NVIDIA driver and its GPUs, read from /proc and from the driver's library. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';

const PROC = '/proc/driver/nvidia';

/** A GPU. */
export interface Gpu {
  readonly name: string;
  /** For example 9.0. */
  readonly computeCapability: string;
}

/** The path of the driver's library in WSL, which has no files under /proc. */
const WSL_LIBRARY = '/usr/lib/wsl/lib/libcuda.so.1';

/** The version of the driver, for example 580.65.06; null without a driver. */
export function driverVersion(): string | null {
  const path = join(PROC, 'version');
  if (!existsSync(path)) return hasNvidiaDriver() ? 'unknown' : null;
  return /Kernel Module\D*([\d.]+)/.exec(readFileSync(path, 'utf8'))?.[1] ?? 'unknown';
}

/** Whether NVIDIA's driver is loaded. */
export function hasNvidiaDriver(): boolean {
  return existsSync(join(PROC, 'version')) || existsSync(WSL_LIBRARY);
}

/** The names of the GPUs, without starting the driver. */
export function gpuNames(): string[] {
  const gpus = join(PROC, 'gpus');
  if (!existsSync(gpus)) return [];
  return readdirSync(gpus).map(
    (id) => /^Model:\s*(.*)$/m.exec(readFileSync(join(gpus, id, 'information'), 'utf8'))?.[1] ?? id,
  );
}

/** The GPUs that are visible to this process, in CUDA's order; empty without a driver. */
export function driverGpus(): Gpu[] {
  let driver: LibraryHandle;
  try {
    driver = koffi.load('libcuda.so.1');
  } catch {
    return []; // no NVIDIA driver
  }
  if (driver.func('int cuInit(uint flags)')(0) !== 0) return [];
  const countResult = Int32Array.of(0);
  driver.func('int cuDeviceGetCount(int *count)')(countResult);
  const [length = 0] = countResult;
  const nameOf = driver.func('int cuDeviceGetName(uint8_t *name, int bytes, int device)');
  const attributeOf = driver.func('int cuDeviceGetAttribute(int *value, int attribute, int device)');
  const attribute = (number: number, device: number): number => {
    const result = Int32Array.of(0);
    attributeOf(result, number, device);
    const [value = 0] = result;
    return value;
  };
  return Array.from({ length }, (_, device) => {
    const name = Buffer.alloc(256);
    nameOf(name, name.length, device);
    return {
      name: name.toString('utf8', 0, name.indexOf(0)),
      computeCapability: `${attribute(75, device)}.${attribute(76, device)}`, // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR
    };
  });
}

/**
 * How a build supports a GPU: with machine code, with code that the driver compiles at the first start, or not at all.
 *
 * @param computeCapability for example 8.6
 * @param built targets of the build: sm_80 is machine code for 8.0 to 8.9, compute_90 can be compiled for 9.0 and later
 */
export function gpuSupport(
  computeCapability: string,
  built: readonly string[],
): 'built' | 'compiled' | 'none' {
  const number = (text: string): number => Number(text.replace(/\D/g, ''));
  const capability = number(computeCapability);
  const runs = (each: string): boolean =>
    each.startsWith('sm_') &&
    Math.floor(number(each) / 10) === Math.floor(capability / 10) &&
    number(each) <= capability;
  if (built.some(runs)) return 'built';
  return built.some((each) => each.startsWith('compute_') && number(each) <= capability)
    ? 'compiled'
    : 'none';
}
