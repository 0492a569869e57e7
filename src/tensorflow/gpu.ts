/** @file What NVIDIA's driver says of itself and its GPUs, from /proc and from its library. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';

const PROC = '/proc/driver/nvidia';

/** A GPU, in CUDA's order. */
export interface Gpu {
  readonly name: string;
  /** Such as 9.0. */
  readonly computeCapability: string;
}

/** Where Windows puts its driver's library in WSL, which shows nothing under /proc. */
const WSL_LIBRARY = '/usr/lib/wsl/lib/libcuda.so.1';

/** The driver's version, such as 580.65.06; null without a driver. */
export function driverVersion(): string | null {
  const path = join(PROC, 'version');
  if (!existsSync(path)) return hasNvidiaDriver() ? 'unknown' : null;
  return /Kernel Module\D*([\d.]+)/.exec(readFileSync(path, 'utf8'))?.[1] ?? 'unknown';
}

/** Whether NVIDIA's driver is loaded. */
export function hasNvidiaDriver(): boolean {
  return existsSync(join(PROC, 'version')) || existsSync(WSL_LIBRARY);
}

/** The names of the GPUs that the driver has, without starting it. */
export function gpuNames(): string[] {
  const gpus = join(PROC, 'gpus');
  if (!existsSync(gpus)) return [];
  return readdirSync(gpus).map(
    (id) => /^Model:\s*(.*)$/m.exec(readFileSync(join(gpus, id, 'information'), 'utf8'))?.[1] ?? id,
  );
}

/** The GPUs that the driver's library shows to this process; none without a driver. */
export function driverGpus(): Gpu[] {
  let driver: LibraryHandle;
  try {
    driver = koffi.load('libcuda.so.1');
  } catch {
    return []; // no NVIDIA driver
  }
  const count = Int32Array.of(0);
  if (driver.func('int cuInit(uint flags)')(0) !== 0) return [];
  driver.func('int cuDeviceGetCount(int *count)')(count);
  const nameOf = driver.func('int cuDeviceGetName(uint8_t *name, int bytes, int device)');
  const attributeOf = driver.func('int cuDeviceGetAttribute(int *value, int attribute, int device)');
  const attribute = (number: number, device: number): number => {
    const value = Int32Array.of(0);
    attributeOf(value, number, device);
    return value[0];
  };
  return Array.from({ length: count[0] }, (_, device) => {
    const name = Buffer.alloc(256);
    nameOf(name, name.length, device);
    return {
      name: name.toString('utf8', 0, name.indexOf(0)),
      computeCapability: `${attribute(75, device)}.${attribute(76, device)}`, // cuda.h: …_COMPUTE_CAPABILITY_MAJOR, _MINOR
    };
  });
}

/**
 * How a GPU is served by code built for some: as it is, compiled by the driver at the first start, or not at all.
 *
 * @param computeCapability such as 8.6
 * @param built as compilers write them: sm_80 is machine code for 8.0 to 8.9, compute_90 is for 9.0 and all later ones
 */
export function gpuSupport(
  computeCapability: string,
  built: readonly string[],
): 'built' | 'compiled' | 'none' {
  const number = (text: string): number => Number(text.replace(/\D/g, ''));
  const own = number(computeCapability);
  const runs = (each: string): boolean =>
    each.startsWith('sm_') && Math.floor(number(each) / 10) === Math.floor(own / 10) && number(each) <= own;
  if (built.some(runs)) return 'built';
  return built.some((each) => each.startsWith('compute_') && number(each) <= own) ? 'compiled' : 'none';
}
