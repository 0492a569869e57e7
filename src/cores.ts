/** @file The number of cores that this process may use. Node 20 ignores the CPU quota of a container. */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/** Reads a file; null if there is none. */
type Read = (path: string) => string | null;

const readOrNull: Read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // another version of cgroups, or another operating system
  }
};

const CGROUPS = '/sys/fs/cgroup';

/** The number of threads that can run at the same time: the available cores, limited by the CPU quota. */
export function usableCores(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(cgroupCores())));
}

/** The smallest CPU quota of the cgroups of this process, in cores; Infinity without a quota. */
export function cgroupCores(read: Read = readOrNull): number {
  const lines = (read('/proc/self/cgroup') ?? '').split('\n');
  const paths = lines.flatMap((line): { version: 1 | 2; path: string }[] => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    if (controllers === '') return [{ version: 2, path }];
    return controllers.split(',').includes('cpu') ? [{ version: 1, path }] : [];
  });
  const quotas = paths.flatMap(({ version, path }) =>
    // Inside a container the group of the container is the root.
    upwards(path).flatMap((group) => {
      if (version === 2) return [quotaV2(read(join(CGROUPS, group, 'cpu.max')))];
      const file = (name: string): string | null =>
        read(join(CGROUPS, 'cpu', group, name)) ?? read(join(CGROUPS, 'cpu,cpuacct', group, name));
      return [quotaV1(file('cpu.cfs_quota_us'), file('cpu.cfs_period_us'))];
    }),
  );
  return Math.min(Number.POSITIVE_INFINITY, ...quotas);
}

/** A folder and all its parents, up to `/`. */
function upwards(path: string): string[] {
  return path === '/' ? ['/'] : [path, ...upwards(dirname(path))];
}

/** The quota of a group of version 2 in cores, from `cpu.max`: `20000 100000` is 0.2. */
function quotaV2(text: string | null): number {
  const [quota = 0, period = 0] = (text ?? '').trim().split(' ').map(Number);
  return quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY;
}

/** The quota of a group of version 1 in cores; -1 means no limit. */
function quotaV1(quota: string | null, period: string | null): number {
  const [time, of] = [Number(quota ?? -1), Number(period ?? 0)];
  return time > 0 && of > 0 ? time / of : Number.POSITIVE_INFINITY;
}
