/** @file The colours of the statuses of runs. */

import type { ChalkInstance } from 'chalk';
import type { Status } from '../runs/record.js';

/** Colours a text by the status of a run; `waiting` is a planned run that has not started. */
export function inStatusColor(
  status: Status | 'waiting',
  text: string,
  { cyan, dim, red, yellow }: ChalkInstance,
): string {
  switch (status) {
    case 'completed':
      return text;
    case 'running':
      return cyan(text);
    case 'waiting':
    case 'interrupted':
    case 'stale':
      return dim(text);
    case 'failed':
      return red(text);
    case 'diverged':
      return yellow(text);
    default:
      return status satisfies never;
  }
}
