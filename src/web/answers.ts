/** @file The answers that depend on the runs: events, rows, curves of arms, comparisons and logs. */

import type { ServerResponse } from 'node:http';
import { type Band, bands, type Column, curveColumns } from '../figures/curves.js';
import { curveStyle } from '../figures/figure-style.js';
import { type XAxis, xAxes } from '../figures/x-axis.js';
import { armCurves, type CurveCache, type CurvesRequest } from './arm-curves.js';
import type { Catalog } from './catalog.js';
import type { Compare } from './comparison.js';
import { columnsOf, type Feed } from './feed.js';
import { readLog } from './log.js';
import { send } from './routes.js';
import { rowsFiles, type StartEvent } from './shared/protocol.js';
import { encodeRows } from './shared/rows-format.js';

/** Answers by their paths below the token. */
export type Answers = Readonly<
  Record<string, (query: URLSearchParams, response: ServerResponse) => void | Promise<void>>
>;

/** The number of styles before they repeat. */
const STYLES = 49;
const MOST_SMOOTH = 1e6;

/** Creates the answers. */
export function createAnswers(folder: string, catalog: Catalog, feed: Feed, compare: Compare): Answers {
  const curves: CurveCache = { kept: new Map(), restUntil: 0 };
  const start: StartEvent = {
    folder,
    columns: columnsOf,
    styles: Array.from({ length: STYLES }, (_, index) => {
      const { color, dash } = curveStyle(index);
      return { color, dash };
    }),
  };
  return {
    events: (_query, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
      feed.add(response, start);
    },
    rows: (query, response) => {
      const file = rowsFiles.find((name) => name === query.get('file')) ?? 'steps.csv';
      const tail = feed.follow(query.get('run') ?? '', file);
      const columns = listOf(query, 'columns').filter((name) =>
        (columnsOf[file] as readonly string[]).includes(name),
      );
      const bytes = encodeRows({
        version: tail?.version ?? 0,
        columns: columns.map((name) => tail?.table.column(name) ?? new Float64Array()),
      });
      send(response, 'application/octet-stream', bytes);
    },
    curves: (query, response) => {
      sendJson(response, armCurves(curvesRequest(query), catalog, feed, curves));
    },
    comparison: async (query, response) => {
      sendJson(response, await compare({ group: query.get('group'), keys: query.getAll('run') }));
    },
    log: (query, response) => {
      const run = catalog.runOf(query.get('run') ?? '');
      const sweep = run && run.group !== '' ? catalog.sweepOf(run.group) : undefined;
      sendJson(response, run ? readLog(run, sweep?.folder ?? null) : { path: null, text: '', cut: false });
    },
  };
}

function curvesRequest(query: URLSearchParams): CurvesRequest {
  const columns = listOf(query, 'columns').flatMap((name): Column[] =>
    curveColumns.filter((column) => column === name),
  );
  return {
    group: query.get('group') ?? '',
    columns: [...new Set(columns)],
    x: xAxes.find((name): name is XAxis => name === query.get('x')) ?? 'step',
    band: bands.find((name): name is Band => name === query.get('band')) ?? 'ci',
    smooth: Math.min(MOST_SMOOTH, countOf(query.get('smooth'))),
  };
}

function listOf(query: URLSearchParams, name: string): string[] {
  return (query.get(name) ?? '').split(',').filter(Boolean);
}

/** A whole number of at least 0; 0 for anything else. */
function countOf(text: string | null): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function sendJson(response: ServerResponse, answer: unknown): void {
  send(response, 'application/json; charset=utf-8', JSON.stringify(answer));
}
