/** @file What the server answers. Every request needs the token in its path and a Host header of this server. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isOwnHost, isSameToken } from './access.js';
import type { Answers } from './answers.js';
import type { StaticFile } from './static-files.js';

/** What the server answers with. */
export interface Site {
  readonly token: string;
  /** The address or name that the server listens on. */
  readonly host: string;
  readonly files: ReadonlyMap<string, StaticFile>;
  readonly answers: Answers;
  /** A path that leads to the page once, for `--open`; null if it was used. */
  ticket: string | null;
}

/** The page loads nothing from elsewhere, and no other page can embed it or learn its address. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** Answers a request. */
export async function answer(request: IncomingMessage, response: ServerResponse, site: Site): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (!isOwnHost(request.headers.host, site.host)) {
    return refuse(response, 403, 'The Host header of the request does not name this server.');
  }
  const [location = '', query = ''] = (request.url ?? '').split('?', 2);
  const [, token = '', ...rest] = location.split('/');
  if (site.ticket !== null && isSameToken(token, site.ticket)) {
    site.ticket = null;
    response.writeHead(303, { Location: `/${site.token}/` }).end();
    return;
  }
  if (!isSameToken(token, site.token)) {
    return refuse(
      response,
      403,
      'The address has no valid token. Use the address that `wnlstm watch --web` printed.',
    );
  }
  if (request.method !== 'GET') {
    response.setHeader('Allow', 'GET');
    return refuse(response, 405, 'The server only answers GET.');
  }
  if (rest.length === 0) {
    response.writeHead(308, { Location: `/${site.token}/` }).end();
    return;
  }
  const path = rest.join('/');
  const file = site.files.get(path);
  if (file) return send(response, file.type, file.content);
  const reply = Object.hasOwn(site.answers, path) ? site.answers[path] : undefined;
  if (!reply) return refuse(response, 404, 'There is no such page.');
  await reply(new URLSearchParams(query), response);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}

/** Sends a complete answer. */
export function send(response: ServerResponse, type: string, content: string | Uint8Array): void {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(content) });
  response.end(content);
}
