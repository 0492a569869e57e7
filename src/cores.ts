/** @file How many cores this process may use: Node 20 does not see the quota of a container. */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/** Reads a file; null if it is not there. */
type Read = (path: string) => string | null;

const readOrNull: Read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // no such file: another version of cgroups, or another system
  }
};

const CGROUPS = '/sys/fs/cgroup';

/** Threads that can run at a time: cores that the process may use, or the whole ones of its quota. */
export function usableCores(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(cgroupCores())));
}

/** The smallest quota of the groups of this process, in cores; Infinity without one. */
export function cgroupCores(read: Read = readOrNull): number {
  const lines = (read('/proc/self/cgroup') ?? '').split('\n');
  const paths = lines.flatMap((line): { version: 1 | 2; path: string }[] => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    if (controllers === '') return [{ version: 2, path }];
    return controllers.split(',').includes('cpu') ? [{ version: 1, path }] : [];
  });
  const quotas = paths.flatMap(({ version, path }) =>
    // Within a container its own group is the root, whatever it is called outside.
    upwards(path).flatMap((group) => {
      if (version === 2) return [quotaV2(read(join(CGROUPS, group, 'cpu.max')))];
      const file = (name: string): string | null =>
        read(join(CGROUPS, 'cpu', group, name)) ?? read(join(CGROUPS, 'cpu,cpuacct', group, name));
      return [quotaV1(file('cpu.cfs_quota_us'), file('cpu.cfs_period_us'))];
    }),
  );
  return Math.min(Number.POSITIVE_INFINITY, ...quotas);
}

/** A folder and all above it, up to `/`. */
function upwards(path: string): string[] {
  return path === '/' ? ['/'] : [path, ...upwards(dirname(path))];
}

/** Cores of one group of version 2, as `cpu.max` has them: `20000 100000` are 0.2. */
function quotaV2(text: string | null): number {
  const [quota, period] = (text ?? '').trim().split(' ').map(Number);
  return quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY;
}

/** Cores of one group of version 1; -1 is no limit. */
function quotaV1(quota: string | null, period: string | null): number {
  const [time, of] = [Number(quota ?? -1), Number(period ?? 0)];
  return time > 0 && of > 0 ? time / of : Number.POSITIVE_INFINITY;
}
