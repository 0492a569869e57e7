/** @file Comparisons of runs for the page. A comparison is made again only when a result has changed. */

import { once } from 'node:events';
import { startThreads } from '../threads.js';
import type { Catalog, WatchedRun } from './catalog.js';
import type { ComparisonInput } from './comparison-thread.js';
import type { ComparisonAnswer } from './shared/protocol.js';

/** The most comparisons that are kept. */
const MOST_KEPT = 20;

/** Compares a sweep, or runs. */
export type Compare = (what: {
  readonly group: string | null;
  readonly keys: readonly string[];
}) => Promise<ComparisonAnswer>;

/** Creates the function that compares, one comparison at a time. */
export function createCompare(runsDirectory: string, catalog: Catalog): Compare {
  const kept = new Map<string, Promise<ComparisonAnswer>>();
  let last: Promise<unknown> = Promise.resolve();
  return ({ group, keys }) => {
    const sweep = group === null ? undefined : catalog.sweepOf(group);
    const runs = sweep
      ? [...catalog.all()].filter((run) => run.group === group)
      : keys.flatMap((key) => catalog.runOf(key) ?? []);
    if (runs.length === 0) return Promise.resolve(none('There is no run to compare.'));
    const names = sweep ? [sweep.folder] : runs.map(({ directory }) => directory);
    const key = JSON.stringify([names, sweep?.state, runs.map(resultOf)]);
    const before = kept.get(key);
    if (before) return before;
    const made = last.then(() => inThread({ runsDirectory, names }));
    last = made.catch(() => {});
    kept.set(key, made);
    for (const old of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(old);
    return made;
  };
}

function none(reason: string): ComparisonAnswer {
  return { kind: 'none', reason, hint: null };
}

/** What changes when the result of a run changes. */
function resultOf({ key, found }: WatchedRun): string {
  return [key, found?.status, found?.summary?.weights_sha256, found?.record.updated_at].join();
}

async function inThread(input: ComparisonInput): Promise<ComparisonAnswer> {
  const [thread] = startThreads(new URL('comparison-thread.js', import.meta.url), [input]);
  if (!thread) return none('The thread that compares did not start.');
  const [answer] = (await once(thread, 'message')) as [ComparisonAnswer];
  await thread.terminate();
  return answer;
}
