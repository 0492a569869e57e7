/** @file The connection to the server: the events that it pushes, and questions. All addresses are relative to the page's. */

import type {
  ComparisonAnswer,
  CurvesAnswer,
  LogAnswer,
  RowsEvent,
  RowsFile,
  RunsEvent,
  StartEvent,
} from '../shared/protocol.js';
import { decodeRows, type RowColumns } from '../shared/rows-format.js';

/** What the page does with events. */
export interface Listeners {
  readonly onStart: (event: StartEvent) => void;
  readonly onRuns: (event: RunsEvent) => void;
  readonly onRows: (events: readonly RowsEvent[]) => void;
  /** Called with false when the connection is lost, and with null if it cannot come back. */
  readonly onConnection: (connected: boolean | null) => void;
}

/** Connects, and connects again when the connection is lost. */
export function connect({ onStart, onRuns, onRows, onConnection }: Listeners): void {
  const source = new EventSource('events');
  const on = <Data>(name: string, listener: (data: Data) => void): void =>
    source.addEventListener(name, (event) =>
      listener(JSON.parse((event as MessageEvent<string>).data) as Data),
    );
  on('start', (event: StartEvent) => {
    onConnection(true);
    onStart(event);
  });
  on('runs', onRuns);
  on('rows', onRows);
  source.addEventListener('error', () =>
    onConnection(source.readyState === EventSource.CLOSED ? null : false),
  );
}

/** Columns of a file of a run, with all its rows. */
export async function fetchRows(
  run: string,
  file: RowsFile,
  columns: readonly string[],
): Promise<RowColumns> {
  const response = await ask('rows', { run, file, columns: columns.join(',') });
  return decodeRows(await response.arrayBuffer());
}

/** The curves of the arms of a sweep. */
export async function fetchCurves(query: Readonly<Record<string, string>>): Promise<CurvesAnswer> {
  return (await (await ask('curves', query)).json()) as CurvesAnswer;
}

/** The comparison of a sweep, or of runs. */
export async function fetchComparison(
  group: string | null,
  keys: readonly string[],
): Promise<ComparisonAnswer> {
  const query = new URLSearchParams(group === null ? keys.map((key) => ['run', key]) : { group });
  return (await (await ask('comparison', query)).json()) as ComparisonAnswer;
}

/** The end of the log of a run. */
export async function fetchLog(run: string): Promise<LogAnswer> {
  return (await (await ask('log', { run })).json()) as LogAnswer;
}

async function ask(
  path: string,
  query: Readonly<Record<string, string>> | URLSearchParams,
): Promise<Response> {
  const response = await fetch(`${path}?${new URLSearchParams(query)}`);
  if (!response.ok) throw new Error(`The server answered ${response.status} to ${path}.`);
  return response;
}
