/** @file CPU quotas of both versions of cgroups. */

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { cgroupCores, usableCores } from './cores.js';

function coresWith(files: Readonly<Record<string, string>>): number {
  return cgroupCores((path) => files[path] ?? null);
}

const ROOT = '/sys/fs/cgroup';

test('without a quota, or without cgroups, all cores are usable', () => {
  assert.equal(coresWith({}), Infinity);
  assert.equal(coresWith({ '/proc/self/cgroup': '0::/\n', [`${ROOT}/cpu.max`]: 'max 100000\n' }), Infinity);
  assert.ok(usableCores() >= 1 && usableCores() <= availableParallelism());
});

test('the quota of version 2 is the smallest of all groups that contain the process', () => {
  const group = '/proc/self/cgroup';
  assert.equal(coresWith({ [group]: '0::/\n', [`${ROOT}/cpu.max`]: '20000 100000\n' }), 0.2);
  const nested = {
    [group]: '0::/user.slice/a.scope\n',
    [`${ROOT}/user.slice/cpu.max`]: '150000 100000\n',
    [`${ROOT}/user.slice/a.scope/cpu.max`]: 'max 100000\n',
  };
  assert.equal(coresWith(nested), 1.5);
});

test('the quota of version 1 is read from both possible folders', () => {
  const group = { '/proc/self/cgroup': '4:cpu,cpuacct:/docker/x\n1:name=systemd:/\n' };
  for (const folder of ['cpu', 'cpu,cpuacct']) {
    const files = (quota: string, at: string) => ({
      ...group,
      [`${ROOT}/${folder}${at}/cpu.cfs_quota_us`]: `${quota}\n`,
      [`${ROOT}/${folder}${at}/cpu.cfs_period_us`]: '100000\n',
    });
    assert.equal(coresWith(files('300000', '/docker/x')), 3);
    assert.equal(coresWith(files('50000', '')), 0.5);
    assert.equal(coresWith(files('-1', '')), Infinity);
  }
});
