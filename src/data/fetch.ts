/** @file Downloads MNIST from an http mirror with `mnist-dataset`, and checks the SHA-256 of every file. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { UserError } from '../errors.js';
import { makeDirectory, replaceFile } from '../files.js';
import { startThreads } from '../threads.js';
import type { Download, Downloaded } from './download-thread.js';
import { mnistFiles, sha256 } from './mnist.js';

/** One file of MNIST. */
export interface Fetched {
  readonly name: string;
  readonly bytes: number;
  /** False if a correct file already existed. */
  readonly fetched: boolean;
}

/** Memory limit of a download. The largest file of MNIST has 47 MB. */
const MAX_BYTES = 1_000_000_000;
const WATCH_MS = 100;

/**
 * Downloads and unpacks the four files of MNIST. Each is written only if its SHA-256 is correct.
 *
 * @param mirror http address of a folder with `train-images-idx3-ubyte.gz` and the other three files
 * @param directory target folder, created if it does not exist; correct files in it are kept
 * @param limitMs time limit of a download
 * @throws {UserError} E_DATA if a download fails or is not MNIST; E_IO if a file cannot be written
 */
export async function* fetchMnist(
  mirror: string,
  directory: string,
  limitMs = 120_000,
): AsyncGenerator<Fetched> {
  if (!/^http:\/\//.test(mirror)) {
    throw new UserError('E_USAGE', `Expected an address that starts with http://, got ${mirror}.`, {
      hint: 'Only plain http is supported. This is safe, because the SHA-256 of each file is checked.',
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
      await checkExists(url, limitMs);
      bytes = await download(url, limitMs);
    } catch (error) {
      throw new UserError('E_DATA', `Could not download ${url}: ${reasonOf(error)}.`, {
        hint: 'Check in a browser that the mirror has the four .gz files of MNIST. No download is needed for the bundled MNIST.',
        cause: error,
      });
    }
    const actual = sha256(bytes);
    if (actual !== expected) {
      throw new UserError('E_DATA', `${url}: expected SHA-256 ${expected}, got ${actual}.`, {
        hint: 'The mirror has other data, or the download was incomplete. The file was not kept.',
      });
    }
    replaceFile(path, bytes);
    yield { name, bytes: bytes.length, fetched: true };
  }
}

/** Checks that a file exists, because the package reports a missing or moved file as an invalid gzip file. */
async function checkExists(url: string, limitMs: number): Promise<void> {
  const { status, statusText, headers } = await fetch(url, {
    method: 'HEAD',
    redirect: 'manual',
    signal: AbortSignal.timeout(limitMs),
  });
  if (status >= 300 && status < 400) {
    throw new Error(`a redirect to ${headers.get('location')}; use the address of its folder as --mirror`);
  }
  if (status === 404 || status === 410 || status === 403 || status === 401 || status >= 500) {
    const isHeadUnsupported = status === 501;
    if (!isHeadUnsupported) throw new Error(`${status} ${statusText}`.trim());
  }
}

/** Downloads and unpacks a file in a separate thread, which ends at the latest at the time limit. */
function download(url: string, limitMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const task: Download = { url };
    const [thread] = startThreads(new URL('./download-thread.js', import.meta.url), [task]) as [Worker];
    const started = performance.now();
    const before = process.memoryUsage.rss();
    const settle = (done: () => void): void => {
      clearInterval(watch);
      void thread.terminate();
      done();
    };
    const watch = setInterval(() => {
      const fail = (message: string): void => settle(() => reject(new Error(message)));
      if (performance.now() - started > limitMs) fail(`no complete file within ${limitMs / 1000} s`);
      else if (process.memoryUsage.rss() - before > MAX_BYTES) fail('more than 1 GB of data');
    }, WATCH_MS);
    thread.on('message', (message: Downloaded) =>
      settle(() =>
        'bytes' in message ? resolve(Buffer.from(message.bytes)) : reject(new Error(message.error)),
      ),
    );
    thread.on('error', (error) => settle(() => reject(error)));
  });
}

/** Why a request failed. `fetch` stores the reason in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause, name } = error as Error;
  if (name === 'TimeoutError') return 'no answer in time';
  return cause instanceof Error && cause.message ? cause.message : message;
}
