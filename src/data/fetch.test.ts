/** @file Fetching MNIST from a mirror on this machine: a loopback server, healthy and not. */

import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { UserError } from '../errors.js';
import { type Fetched, fetchMnist } from './fetch.js';
import { bundledDirectory, mnistFiles } from './mnist.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-'));
after(() => rmSync(root, { recursive: true }));

const names = Object.keys(mnistFiles);
const [trainImages, trainLabels, testImages, testLabels] = names;

function bundled(name: string): Buffer {
  return readFileSync(join(bundledDirectory(), name));
}

/** A folder that has all files but `missing`; the large ones as links. */
function folderWithout(...missing: string[]): string {
  const directory = mkdtempSync(join(root, 'mnist-'));
  for (const name of names.filter((name) => !missing.includes(name))) {
    symlinkSync(join(bundledDirectory(), name), join(directory, name));
  }
  return directory;
}

/** Runs `task` against a server on a free port, and says what it was asked for. */
async function withServer(
  answer: RequestListener,
  task: (address: string) => Promise<void>,
): Promise<string[]> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    if (!asked.includes(request.url ?? '')) asked.push(request.url ?? ''); // each is asked for, then fetched
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await task(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return asked;
}

/** The patience is ample, so that a busy machine fails no test but those of a mirror that stalls. */
async function collect(mirror: string, directory: string, patienceMs = 20_000): Promise<Fetched[]> {
  const found: Fetched[] = [];
  for await (const file of fetchMnist(mirror, directory, patienceMs)) found.push(file);
  return found;
}

/** Fails rather than wait for ever. */
async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing happened for ${limitMs} ms.`)), limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function isError(code: string, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}

/** The real files, packed; anything else is not found. */
const mirror: RequestListener = ({ url }, response) => {
  const name = names.find((file) => url === `/mnist/${file}.gz`);
  if (name) response.end(gzipSync(bundled(name), { level: 1 }));
  else response.writeHead(404).end('<html>no such file</html>');
};

test('what is missing is fetched, unpacked and checked; what is there and right stays', async () => {
  const directory = folderWithout(trainLabels!, testImages!, testLabels!);
  const asked = await withServer(mirror, async (address) => {
    assert.deepEqual(await collect(`${address}/mnist/`, directory), [
      { name: trainImages, bytes: 47_040_016, fetched: false },
      { name: trainLabels, bytes: 60_008, fetched: true },
      { name: testImages, bytes: 7_840_016, fetched: true },
      { name: testLabels, bytes: 10_008, fetched: true },
    ]);
  });
  assert.deepEqual(asked, [`/mnist/${trainLabels}.gz`, `/mnist/${testImages}.gz`, `/mnist/${testLabels}.gz`]);
  for (const name of [trainLabels, testImages, testLabels]) {
    assert.ok(readFileSync(join(directory, name!)).equals(bundled(name!)), name);
  }
});

test('a wrong file in the folder is replaced', async () => {
  const directory = folderWithout(testLabels!);
  writeFileSync(join(directory, testLabels!), 'not MNIST');
  await withServer(mirror, async (address) => {
    assert.equal((await collect(`${address}/mnist`, directory)).at(-1)?.fetched, true);
  });
  assert.ok(readFileSync(join(directory, testLabels!)).equals(bundled(testLabels!)));
});

test('a folder that has everything needs no server', async () => {
  const asked = await withServer(mirror, async (address) => {
    assert.ok((await collect(`${address}/mnist`, folderWithout())).every(({ fetched }) => !fetched));
  });
  assert.deepEqual(asked, []);
});

/** Fetches into a new folder from a server that fails on the first file, and checks that nothing is kept. */
async function fails(answer: RequestListener, message: RegExp): Promise<void> {
  const directory = join(mkdtempSync(join(root, 'mnist-')), 'made');
  const asked = await withServer(answer, (address) =>
    assert.rejects(within(5000, collect(address, directory, 500)), (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.equal(error.code, 'E_DATA');
      assert.ok(error.message.includes(`${address}/${trainImages}.gz`), error.message);
      assert.match(error.message, message);
      return true;
    }),
  );
  assert.equal(asked.length, 1, 'the other files are not asked for');
  assert.deepEqual(readdirSync(directory), []);
}

test('a file with another checksum is refused, and nothing is kept of it', () =>
  fails(
    (_, response) => response.end(gzipSync('not MNIST')),
    /: expected SHA-256 ba891046[0-9a-f]{56}, got [0-9a-f]{64}/,
  ));

test('a file that is there but wrong stays as it is when the fetched one is wrong, too', async () => {
  const directory = mkdtempSync(join(root, 'mnist-'));
  writeFileSync(join(directory, trainImages!), 'old');
  await withServer(
    (_, response) => response.end(gzipSync('new')),
    (address) => assert.rejects(collect(address, directory), isError('E_DATA', /SHA-256/)),
  );
  assert.equal(readFileSync(join(directory, trainImages!), 'utf8'), 'old');
});

test('an address without the files is refused, with a page or with nothing behind the 404', async () => {
  await fails((_, response) => response.writeHead(404).end('<html>no such file</html>'), /gzip file at/);
  await fails((_, response) => response.writeHead(404).end(), /./);
});

test('a download that is cut short is refused', async () => {
  const zipped = gzipSync(bundled(testLabels!));
  for (const length of [5, 12, 1000, zipped.length - 1]) {
    await fails((_, response) => response.end(zipped.subarray(0, length)), /gzip file at/);
  }
});

test('a connection that breaks in the middle of a file is an error, not an endless wait', () =>
  fails((_, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write(gzipSync(bundled(testLabels!)).subarray(0, 500), () => response.destroy());
  }, /gzip file at/));

test('a connection that breaks before the answer is an error', () =>
  fails((_, response) => response.destroy(), /got: .+/));

test('a server that is not there is an error with its reason', async () => {
  let address = '';
  await withServer(mirror, async (used) => {
    address = used;
  });
  await assert.rejects(
    collect(address, mkdtempSync(join(root, 'mnist-'))),
    isError('E_DATA', /got: .*ECONNREFUSED/),
  );
});

test('an https address, or none, is refused before anything is done', async () => {
  const absent = join(root, 'untouched');
  for (const address of ['https://mirror.example/mnist', 'mirror.example/mnist', 'file:///tmp', '']) {
    await assert.rejects(collect(address, absent), isError('E_USAGE', /starts with http:\/\//));
  }
  assert.ok(!existsSync(absent));
});

test('a folder that cannot be made is an error of the disk', async () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  await assert.rejects(collect('http://127.0.0.1:1/', join(file, 'x')), isError('E_IO', /make the folder/));
});

test('a missing file, and one that is elsewhere, are called so', async () => {
  const directory = folderWithout(trainImages!);
  for (const [status, said] of [
    [404, /got: 404 Not Found/],
    [301, /got: a redirection to http:\/\/elsewhere\.example\/; name the address/],
  ] as const) {
    await withServer(
      (_, response) => void response.writeHead(status, { location: 'http://elsewhere.example/' }).end(),
      (address) => assert.rejects(collect(address, directory), isError('E_DATA', said)),
    );
  }
});
