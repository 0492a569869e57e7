/** @file Identifies processes across machines and containers, and checks whether one is running. */

import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemCode } from '../errors.js';

/** The identity of a process among all machines. */
export interface Owner {
  readonly host: string;
  /** The boot id of the machine, since host names may be equal, as in containers. Empty without /proc. */
  readonly boot: string;
  /** The pid namespace: in another container, the same pid is another process. Empty without /proc. */
  readonly namespace: string;
  readonly pid: number;
  /** The start time of the process, in the system's units: a pid is reused, but not together with its start time. */
  readonly started: string;
}

/** Parses an owner, also in the form of earlier versions; null if the text is not an owner. */
export function parseOwner(text: string): Owner | null {
  try {
    const { host, boot, namespace, pid, started } = JSON.parse(text) as Partial<Owner>;
    const mine = thisProcess();
    if (typeof host !== 'string' || !Number.isSafeInteger(pid) || Number(pid) < 1) return null;
    return {
      host,
      boot: typeof boot === 'string' ? boot : mine.boot,
      namespace: typeof namespace === 'string' ? namespace : mine.namespace,
      pid: Number(pid),
      started: String(started),
    };
  } catch {
    return null;
  }
}

/** Describes an owner in a message, such as `process 12 on a`. */
export function describeOwner(owner: Owner): string {
  const mine = thisProcess();
  const elsewhere = owner.host === mine.host && isRunning(owner) === null;
  return `process ${owner.pid} on ${owner.host}${elsewhere ? ' (in another container, or on another machine with that name)' : ''}`;
}

/** Whether the owner is running; null if it is on another machine or in another container, where this is unknown. */
export function isRunning({ host, boot, namespace, pid, started }: Owner): boolean | null {
  const mine = thisProcess();
  if (host !== mine.host || boot !== mine.boot || namespace !== mine.namespace) return null;
  return exists(pid) && startTime(pid) === started;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM'; // it exists and belongs to another user
  }
}

/** The start time of a process in clock ticks since boot (`/proc/<pid>/stat`, field 22); empty without /proc. */
function startTime(pid: number): string {
  return textOr('', () => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'ended' : (fields[19] ?? ''); // Z: it has ended, and its parent has not waited for it yet
  });
}

function textOr(fallback: string, read: () => string): string {
  try {
    return read();
  } catch {
    return fallback; // no /proc, or no such process
  }
}

/** The identity of this process. */
export function thisProcess(): Owner {
  return {
    host: hostname(),
    boot: textOr('', () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: textOr('', () => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    started: startTime(process.pid),
  };
}
