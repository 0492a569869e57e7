/** @file Which process owns something, and whether it still lives. */

import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemCode } from '../errors.js';

/** A process, told apart from every other on any machine. */
export interface Owner {
  readonly host: string;
  /** Of this start of the machine; host names may be the same, as in containers. Empty where there is no /proc. */
  readonly boot: string;
  /** The pid namespace: the same pid is another process in another container. Empty where there is none. */
  readonly namespace: string;
  readonly pid: number;
  /** When the process started, in the system's own words: a pid is used again, this pair is not. */
  readonly started: string;
}

/** An owner from its text, as earlier versions wrote it too; null if it is none. */
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

/** `process 12 on host a`, and where it is if it is not to be seen from here. */
export function describeOwner(owner: Owner): string {
  const mine = thisProcess();
  const elsewhere = owner.host === mine.host && isRunning(owner) === null;
  return `process ${owner.pid} on ${owner.host}${elsewhere ? ' (in another container, or another machine of that name)' : ''}`;
}

/** Whether this process can see the owner, if it lives; null if it is on another machine or in another container. */
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
    return systemCode(error) === 'EPERM'; // it is there and is somebody else's
  }
}

/** Start time of a process in clock ticks since boot (`/proc/<pid>/stat`, field 22); empty where there is no /proc. */
function startTime(pid: number): string {
  return textOr('', () => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'ended' : (fields[19] ?? ''); // Z: killed, and its parent has not asked for it yet
  });
}

function textOr(fallback: string, read: () => string): string {
  try {
    return read();
  } catch {
    return fallback; // no /proc, or no such process
  }
}

/** This process. */
export function thisProcess(): Owner {
  return {
    host: hostname(),
    boot: textOr('', () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: textOr('', () => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    started: startTime(process.pid),
  };
}
