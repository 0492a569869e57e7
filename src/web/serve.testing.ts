/** @file Serves the page from this process, for tests. */

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after } from 'node:test';
import { Chalk } from 'chalk';
import { STOP_SIGNALS } from '../signals.js';
import type { Io } from '../terminal/io.js';
import { serveWatch, type WatchOptions } from './serve.js';
import type { RunsEvent } from './shared/protocol.js';

/** A page that is served. */
export interface Served {
  /** The address that was printed. */
  readonly address: string;
  /** What was printed on standard error. */
  readonly printed: readonly string[];
  /** Stops it as Ctrl-C does. Returns the exit code. */
  readonly stop: (code?: number) => Promise<number>;
}

/** What ends the servers that a failed test left. */
const stops: (() => unknown)[] = [];
after(() => stops.forEach((stop) => void stop()));

/** Serves runs on a free port. */
export async function served(runs: string, change: Partial<WatchOptions> = {}): Promise<Served> {
  const stop = new AbortController();
  stops.push(() => stop.abort(STOP_SIGNALS.SIGINT));
  const printed: string[] = [];
  const chalk = new Chalk({ level: 0 });
  const options = { runs, names: [], port: 0, host: '127.0.0.1', open: false, ...change };
  let ended: Promise<number> = Promise.resolve(0);
  const address = await new Promise<string>((resolve, reject) => {
    const io: Io = {
      out: resolve,
      err: (line) => printed.push(line),
      outColor: chalk,
      errColor: chalk,
      outWidth: null,
      terminal: null,
      ask: null,
      signal: stop.signal,
      argv: [],
    };
    ended = serveWatch(options, io);
    ended.catch(reject);
  });
  return {
    address,
    printed,
    stop: (code = STOP_SIGNALS.SIGINT) => {
      stop.abort(code);
      return ended;
    },
  };
}

/** An answer of the server. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Asks the server; unlike `fetch`, with any Host header and a path that is not normalised. */
export function ask(
  address: string,
  path = '',
  { method = 'GET', host }: { method?: string; host?: string } = {},
): Promise<Reply> {
  const { hostname, port, pathname } = new URL(address);
  return new Promise((resolve, reject) => {
    const target = path.startsWith('/') ? path : `${pathname}${path}`;
    const headers = host === undefined ? {} : { host };
    const asked = request({ hostname, port, path: target, method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** A stream of events. */
export interface Events {
  /** The next event with a name. */
  readonly next: <Data>(name: string) => Promise<Data>;
  readonly close: () => void;
}

/** Connects to the events. */
export async function listen(address: string): Promise<Events> {
  const abort = new AbortController();
  const response = await fetch(`${address}events`, { signal: abort.signal });
  assert.equal(response.status, 200);
  assert.ok(response.body);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    next: async <Data>(name: string): Promise<Data> => {
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end >= 0) {
          const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
          text = text.slice(end + 2);
          if (event === name) return JSON.parse(data ?? '') as Data;
          continue;
        }
        const { value, done } = await reader.read();
        assert.ok(!done, `the stream ended before ${name}`);
        text += value;
      }
    },
    close: () => abort.abort(),
  };
}

/** All runs and sweeps as a page gets them first. */
export async function firstRuns(address: string): Promise<RunsEvent> {
  const events = await listen(address);
  const found = await events.next<RunsEvent>('runs');
  events.close();
  return found;
}
