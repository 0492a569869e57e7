/** @file Fetches MNIST from an http mirror through `mnist-dataset`, and takes nothing that is not MNIST. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { makeDirectory, replaceFile } from '../files.js';
import { startThreads } from '../threads.js';
import type { Download, Downloaded } from './download-thread.js';
import { mnistFiles, sha256 } from './mnist.js';

/** One file, as it was found or fetched. */
export interface Fetched {
  readonly name: string;
  readonly bytes: number;
  /** False if a right one was there already. */
  readonly fetched: boolean;
}

/** A download may take so much memory; the largest file of MNIST has 47 MB. */
const MOST_BYTES = 1_000_000_000;
const WATCH_MS = 100;

/**
 * Fetches the four files of MNIST, unpacked, each checked against its SHA-256 before it gets its name.
 *
 * @param mirror http address of a folder with `train-images-idx3-ubyte.gz` and the other three
 * @param directory to put them in, made if it is not there; right files that are there already stay
 * @param limitMs a download may take
 * @throws {UserError} E_DATA if a download fails or is not MNIST; E_IO if it cannot be written
 */
export async function* fetchMnist(
  mirror: string,
  directory: string,
  limitMs = 120_000,
): AsyncGenerator<Fetched> {
  if (!/^http:\/\//.test(mirror)) {
    throw new UserError('E_USAGE', `Expected an address that starts with http://, got ${mirror}.`, {
      hint: 'The package mnist-dataset fetches over plain http; the SHA-256 of each file is checked, so that is safe.',
    });
  }
  makeDirectory(directory);
  for (const [name, expected] of Object.entries(mnistFiles)) {
    const path = join(directory, name);
    if (existsSync(path) && sha256(readFileSync(path)) === expected) {
      yield { name, bytes: readFileSync(path).length, fetched: false };
      continue;
    }
    const url = `${mirror.replace(/\/$/, '')}/${name}.gz`;
    let bytes: Buffer;
    try {
      await checkThere(url, limitMs);
      bytes = await download(url, limitMs);
    } catch (error) {
      throw new UserError('E_DATA', `Expected a gzip file at ${url}, got: ${reasonOf(error)}.`, {
        hint: "Open the address in a browser: does the mirror have MNIST's four .gz files? Without a mirror, the bundled MNIST is there.",
        cause: error,
      });
    }
    const actual = sha256(bytes);
    if (actual !== expected) {
      throw new UserError('E_DATA', `${url}: expected SHA-256 ${expected}, got ${actual}.`, {
        hint: 'The mirror has something else than MNIST, or the download was cut short; nothing was kept.',
      });
    }
    replaceFile(path, bytes);
    yield { name, bytes: bytes.length, fetched: true };
  }
}

/** Asks whether a file is there: the package says of a missing one, or one elsewhere, that it is no gzip. */
async function checkThere(url: string, limitMs: number): Promise<void> {
  const { status, statusText, headers } = await fetch(url, {
    method: 'HEAD',
    redirect: 'manual',
    signal: AbortSignal.timeout(limitMs),
  });
  if (status >= 300 && status < 400) {
    throw new Error(
      `a redirection to ${headers.get('location')}; name the address of its folder with --mirror`,
    );
  }
  if (status === 404 || status === 410 || status === 403 || status === 401 || status >= 500) {
    const isNoAnswer = status === 501; // a server that knows no HEAD
    if (!isNoAnswer) throw new Error(`${status} ${statusText}`.trim());
  }
}

/** Downloads and unpacks a file in a thread of its own, which ends with it, however the server behaves. */
function download(url: string, limitMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const task: Download = { url };
    const [thread] = startThreads(new URL('./download-thread.js', import.meta.url), [task]);
    const started = performance.now();
    const before = process.memoryUsage.rss();
    const settle = (done: () => void): void => {
      clearInterval(watch);
      void thread.terminate();
      done();
    };
    const watch = setInterval(() => {
      const fail = (message: string): void => settle(() => reject(new Error(message)));
      if (performance.now() - started > limitMs) fail(`nothing whole within ${limitMs / 1000} s`);
      else if (process.memoryUsage.rss() - before > MOST_BYTES) fail('more than 1 GB of data');
    }, WATCH_MS);
    thread.on('message', (message: Downloaded) =>
      settle(() =>
        'bytes' in message ? resolve(Buffer.from(message.bytes)) : reject(new Error(message.error)),
      ),
    );
    thread.on('error', (error) => settle(() => reject(error)));
  });
}

/** Why a request failed; `fetch` keeps it in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause, name } = error as Error;
  if (name === 'TimeoutError') return 'no answer in time';
  return cause instanceof Error && cause.message ? cause.message : message;
}
