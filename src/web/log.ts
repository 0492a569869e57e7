/** @file The log of a run: that of the sweep that started it, or that of its task on a cluster. */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { runPaths } from '../runs/paths.js';
import { logOf, readJobs } from '../slurm/jobs.js';
import { tasksByRun } from '../slurm/standing.js';
import { attempt } from './attempt.js';
import type { WatchedRun } from './catalog.js';
import type { LogAnswer } from './shared/protocol.js';

/** The most bytes that are shown, from the end. */
const MOST_BYTES = 64 * 1024;

/**
 * The end of the log of a run.
 *
 * @param sweepFolder the folder of its sweep, or null
 */
export function readLog({ directory }: WatchedRun, sweepFolder: string | null): LogAnswer {
  const paths = [
    runPaths(directory).log,
    ...(sweepFolder === null ? [] : clusterLogs(directory, sweepFolder)),
  ];
  for (const path of paths) {
    const read = attempt(() => readEnd(path));
    if ('value' in read && read.value && read.value.text.trim() !== '') return { path, ...read.value };
  }
  return { path: null, text: '', cut: false };
}

/** The logs of the cluster's tasks of a run, the newest first. */
function clusterLogs(directory: string, sweepFolder: string): string[] {
  const jobs = attempt(() => readJobs(sweepFolder));
  const tasks = 'value' in jobs ? (tasksByRun(jobs.value).get(basename(directory)) ?? []) : [];
  return [...tasks].reverse().map((task) => logOf(sweepFolder, task));
}

/** The end of a file; null if it is not a plain file. */
function readEnd(path: string): { text: string; cut: boolean } | null {
  const handle = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // a pipe must not block
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile()) return null;
    const buffer = Buffer.alloc(Math.min(stat.size, MOST_BYTES));
    const length = readSync(handle, buffer, 0, buffer.length, stat.size - buffer.length);
    return { text: buffer.toString('utf8', 0, length), cut: stat.size > length };
  } finally {
    closeSync(handle);
  }
}
