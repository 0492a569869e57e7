/** @file What NVIDIA's driver says of itself and its GPUs, from the files that it shows under /proc. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PROC = '/proc/driver/nvidia';

/** Whether NVIDIA's driver is loaded. */
export const hasNvidiaDriver = (): boolean => existsSync(join(PROC, 'version'));

/** The names of the GPUs that the driver has. */
export const gpuNames = (): string[] => {
  const gpus = join(PROC, 'gpus');
  if (!existsSync(gpus)) return [];
  return readdirSync(gpus).map(
    (id) => /^Model:\s*(.*)$/m.exec(readFileSync(join(gpus, id, 'information'), 'utf8'))?.[1] ?? id,
  );
};

/** The driver's version and the GPUs' names; nothing for the CPU, or without a driver. */
export const gpuVersions = (device: 'cpu' | 'cuda'): Record<string, string> => {
  if (device === 'cpu' || !hasNvidiaDriver()) return {};
  const driver =
    /Kernel Module\D*([\d.]+)/.exec(readFileSync(join(PROC, 'version'), 'utf8'))?.[1] ?? 'unknown';
  return { driver, gpu: gpuNames().join(', ') };
};
