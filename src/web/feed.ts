/** @file Pushes what changed in the runs to every open page, as server-sent events. Without a page, it reads nothing. */

import type { ServerResponse } from 'node:http';
import { asUserError, type UserError } from '../errors.js';
import type { Tail } from '../runs/follow-csv.js';
import { epochColumns, stepColumns } from '../runs/metrics.js';
import type { Table } from '../runs/number-table.js';
import type { Catalog, Listing, WatchedRun } from './catalog.js';
import type { RowsEvent, RowsFile, RunInfo, RunsEvent } from './shared/protocol.js';

/** Times between two looks at the rows of runs that train, and at all runs. */
const ROWS_MS = 500;
const RUNS_MS = 2000;
/** An idle connection may be closed by what is between; a comment keeps it open. */
const COMMENT_MS = 15_000;
/** The most bytes that wait for a page that does not read. */
const MOST_WAITING_BYTES = 2 ** 24;

export const columnsOf = { 'steps.csv': stepColumns, 'metrics.csv': epochColumns } as const satisfies Record<
  RowsFile,
  readonly string[]
>;

/** Pushes changes to pages. */
export interface Feed {
  /** Adds a page, which gets all runs at once. */
  readonly add: (response: ServerResponse, start: object) => void;
  /** The rows of a run, which are pushed from then on; null if there is no such run. */
  readonly follow: (key: string, file: RowsFile) => Tail | null;
  readonly stop: () => void;
}

/** A file whose rows are pushed, and what was pushed last. */
interface Followed {
  readonly tail: Tail;
  version: number;
  count: number;
}

/**
 * Starts to push.
 *
 * @param onProblem called when files cannot be read, for example because a network file system does not answer
 */
export function startFeed(catalog: Catalog, onProblem: (error: UserError) => void): Feed {
  const pages = new Set<ServerResponse>();
  const followed = new Map<string, Map<RowsFile, Followed>>();
  let listing: Listing = { runs: new Map(), groups: [] };
  let lastRuns = Number.NEGATIVE_INFINITY;
  let lastSent = 0;

  const send = (to: Iterable<ServerResponse>, event: string, data: unknown): void => {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const page of to) {
      page.write(text);
      if (page.writableLength > MOST_WAITING_BYTES) page.destroy(); // it connects again and gets everything
    }
    lastSent = performance.now();
  };

  const lookAtRuns = (): void => {
    const before = listing;
    listing = catalog.look();
    lastRuns = performance.now();
    const changed = changesBetween(before, listing);
    for (const key of changed.removed) followed.delete(key);
    pushRows(changed.runs.map(({ key }) => key)); // a run may have ended, or was resumed
    if (isChange(changed, before, listing)) send(pages, 'runs', changed);
  };

  /** Pushes what was appended to the followed files of runs, all in one event. */
  const pushRows = (keys: readonly string[]): void => {
    const events = keys.flatMap((key) =>
      [...(followed.get(key) ?? [])].flatMap(([file, each]) => {
        if (!each.tail.look()) return [];
        const event = growthOf(key, file, each);
        [each.version, each.count] = [each.tail.version, each.tail.table.count];
        return [event];
      }),
    );
    if (events.length > 0) send(pages, 'rows', events);
  };

  const tick = (): void => {
    const now = performance.now();
    if (now - lastRuns >= RUNS_MS) lookAtRuns();
    pushRows([...catalog.all()].filter(isTraining).map(({ key }) => key));
    if (now - lastSent < COMMENT_MS) return;
    for (const page of pages) page.write(':\n\n');
    lastSent = now;
  };

  const timer = setInterval(() => {
    if (pages.size === 0) return;
    try {
      tick();
    } catch (error) {
      const known = asUserError(error);
      if (!known) throw error;
      onProblem(known); // the next look tries again
    }
  }, ROWS_MS);

  return {
    add: (response, start) => {
      send([response], 'start', start); // the page builds itself meanwhile
      if (performance.now() - lastRuns >= ROWS_MS) lookAtRuns(); // many pages may open at once
      pages.add(response);
      response.on('close', () => pages.delete(response));
      const all: RunsEvent = {
        complete: true,
        runs: [...listing.runs.values()],
        removed: [],
        groups: listing.groups,
      };
      send([response], 'runs', all);
    },
    follow: (key, file) => {
      const run = catalog.runOf(key);
      if (!run) return null;
      const files = followed.get(key) ?? new Map<RowsFile, Followed>();
      followed.set(key, files);
      if (!files.has(file)) {
        const tail = file === 'steps.csv' ? run.steps : run.epochs;
        tail.look();
        files.set(file, { tail, version: tail.version, count: tail.table.count });
      }
      return files.get(file)?.tail ?? null;
    },
    stop: () => {
      clearInterval(timer);
      for (const page of pages) page.end();
    },
  };
}

function isTraining({ found }: WatchedRun): boolean {
  return found?.status === 'running';
}

/** The rows since the last push; all rows if the file was replaced. */
function growthOf(run: string, file: RowsFile, { tail, version, count }: Followed): RowsEvent {
  const from = tail.version === version ? count : 0;
  const columns = columnsOf[file];
  return {
    run,
    file,
    version: tail.version,
    from,
    columns,
    rows: rowsFrom(tail.table, columns, from),
  };
}

/** The rows from an index on, one list of values per row. */
function rowsFrom(table: Table, columns: readonly string[], from: number): (number | null)[][] {
  return Array.from({ length: table.count - from }, (_, index) =>
    columns.map((name) => table.at(name, from + index)),
  );
}

function changesBetween(before: Listing, after: Listing): RunsEvent {
  const isNew = (info: RunInfo): boolean =>
    JSON.stringify(before.runs.get(info.key)) !== JSON.stringify(info);
  return {
    complete: false,
    runs: [...after.runs.values()].filter(isNew),
    removed: [...before.runs.keys()].filter((key) => !after.runs.has(key)),
    groups: after.groups,
  };
}

function isChange({ runs, removed }: RunsEvent, before: Listing, after: Listing): boolean {
  return (
    runs.length > 0 || removed.length > 0 || JSON.stringify(before.groups) !== JSON.stringify(after.groups)
  );
}
