/** @file `wnlstm watch --web`: serves one live page of runs from this machine, until it is stopped. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EXIT, systemCode, UserError } from '../errors.js';
import { isDirectory } from '../files.js';
import { STOP_SIGNALS } from '../signals.js';
import { type Io, stopCode } from '../terminal/io.js';
import { printError, printNote } from '../terminal/messages.js';
import { createToken, hostInUrl, isLoopback, reachableHosts } from './access.js';
import { createAnswers } from './answers.js';
import { openCatalog } from './catalog.js';
import { createCompare } from './comparison.js';
import { startFeed } from './feed.js';
import { openBrowser } from './open-browser.js';
import { answer, type Site } from './routes.js';
import { readStaticFiles } from './static-files.js';

/** What to serve, and where. */
export interface WatchOptions {
  /** The folder of all runs. */
  readonly runs: string;
  /** Sweeps, runs or folders of runs; all runs of the folder if empty. */
  readonly names: readonly string[];
  /** 0 selects a free port. */
  readonly port: number;
  readonly host: string;
  /** Whether to open the page in a browser. */
  readonly open: boolean;
}

/** The default port and host. */
export const DEFAULT_PORT = 7117;
export const DEFAULT_HOST = '127.0.0.1';

/**
 * Serves the page until the user stops the program. It reads the files of runs and writes none.
 *
 * @returns the exit code: 0 after Ctrl-C
 * @throws {UserError} E_RUN if a name stands for no run; E_USAGE if it cannot listen there
 */
export async function serveWatch(options: WatchOptions, io: Io): Promise<number> {
  const { runs, names, port, host, open } = options;
  const files = readStaticFiles();
  const catalog = openCatalog(runs, names);
  const feed = startFeed(
    catalog,
    once((error) => printError(error, io)),
  );
  const site: Site = {
    token: createToken(),
    host,
    files,
    answers: createAnswers(runs, catalog, feed, createCompare(runs, catalog)),
    ticket: open ? createToken() : null,
  };
  const server = createServer((request, response) => {
    answer(request, response, site).catch((error: unknown) => {
      io.err(`${io.errColor.red('error')} ${error instanceof Error ? error.message : String(error)}`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  try {
    await listen(server, host, port);
    const { port: bound } = server.address() as AddressInfo;
    const [first = host, ...others] = reachableHosts(host).map(
      (each) => `http://${hostInUrl(each)}:${bound}`,
    );
    for (const origin of [first, ...others]) io.out(`${origin}/${site.token}/`);
    io.err(`Shows ${names.length === 0 ? `all runs in ${runs}` : names.join(', ')}. Stop with Ctrl-C.`);
    if (names.length === 0 && !isDirectory(runs)) {
      printNote(`There is no folder ${runs} yet. Its runs appear on the page as soon as they start.`, io);
    }
    if (!isLoopback(host)) {
      printNote(
        'The page works from other machines that reach this one, such as a phone in the same network. The connection is not encrypted, and whoever has the address can read the runs.',
        io,
      );
    }
    if (site.ticket !== null && !io.signal.aborted) {
      const problem = await openBrowser(`${first}/${site.ticket}`);
      if (problem !== null)
        printNote(`Could not open a browser (${problem}). Open the address yourself.`, io);
    }
    await stopped(io.signal);
  } finally {
    feed.stop();
    server.close();
    server.closeAllConnections();
  }
  return io.signal.reason === STOP_SIGNALS.SIGINT ? EXIT.done : stopCode(io);
}

/** Calls a function with each message only once. */
function once(report: (error: UserError) => void): (error: UserError) => void {
  const reported = new Set<string>();
  return (error) => {
    if (!reported.has(error.message)) report(error);
    reported.add(error.message);
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(host, port, error)));
    server.listen(port, host, resolve);
  });
}

function listenError(host: string, port: number, error: Error): Error {
  const refused = (message: string, hint: string): UserError =>
    new UserError('E_USAGE', message, { hint, cause: error });
  const another = 'Choose another port with `--port N`, or a free one with `--port 0`.';
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return refused(
        `Port ${port} of ${host} is in use.`,
        `Another \`wnlstm watch --web\` may be running. ${another}`,
      );
    case 'EACCES':
      return refused(`Port ${port} of ${host} may not be used: permission denied.`, another);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return refused(
        `--host ${host}: this machine has no such address.`,
        'Leave `--host` out for this machine only, or use 0.0.0.0 for all its addresses.',
      );
    default:
      return error;
  }
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
