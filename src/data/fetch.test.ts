/** @file Downloading MNIST from a local server that works or fails. */

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

/** Creates a folder with links to all files except `missing`. */
function folderWithout(...missing: string[]): string {
  const directory = mkdtempSync(join(root, 'mnist-'));
  for (const name of names.filter((name) => !missing.includes(name))) {
    symlinkSync(join(bundledDirectory(), name), join(directory, name));
  }
  return directory;
}

/** Runs `task` with a server on a free port; returns the requested paths. */
async function withServer(
  answer: RequestListener,
  task: (address: string) => Promise<void>,
): Promise<string[]> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    if (!asked.includes(request.url ?? '')) asked.push(request.url ?? ''); // HEAD, then GET
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

/** Downloads all files. The default time limit is long enough for a busy machine. */
async function collect(mirror: string, directory: string, limitMs = 20_000): Promise<Fetched[]> {
  const found: Fetched[] = [];
  for await (const file of fetchMnist(mirror, directory, limitMs)) found.push(file);
  return found;
}

/** Rejects after a time limit. */
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

/** Serves the real files, compressed, and 404 for other paths. */
const mirror: RequestListener = ({ url }, response) => {
  const name = names.find((file) => url === `/mnist/${file}.gz`);
  if (name) response.end(gzipSync(bundled(name), { level: 1 }));
  else response.writeHead(404).end('<html>no such file</html>');
};

test('missing files are downloaded, unpacked and checked, and correct files are kept', async () => {
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

test('a complete folder needs no server', async () => {
  const asked = await withServer(mirror, async (address) => {
    assert.ok((await collect(`${address}/mnist`, folderWithout())).every(({ fetched }) => !fetched));
  });
  assert.deepEqual(asked, []);
});

/** Downloads from a server that fails at the first file, and checks that no file is written. */
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
  assert.equal(asked.length, 1, 'the other files are not requested');
  assert.deepEqual(readdirSync(directory), []);
}

test('a file with another checksum is refused and not written', () =>
  fails(
    (_, response) => response.end(gzipSync('not MNIST')),
    /: expected SHA-256 ba891046[0-9a-f]{56}, got [0-9a-f]{64}/,
  ));

test('a wrong file is kept if the downloaded one is wrong too', async () => {
  const directory = mkdtempSync(join(root, 'mnist-'));
  writeFileSync(join(directory, trainImages!), 'old');
  await withServer(
    (_, response) => response.end(gzipSync('new')),
    (address) => assert.rejects(collect(address, directory), isError('E_DATA', /SHA-256/)),
  );
  assert.equal(readFileSync(join(directory, trainImages!), 'utf8'), 'old');
});

test('an address without the files is refused, with and without a 404 page', async () => {
  await fails(
    (_, response) => response.writeHead(404).end('<html>no such file</html>'),
    /Could not download/,
  );
  await fails((_, response) => response.writeHead(404).end(), /./);
});

test('a truncated download is refused', async () => {
  const zipped = gzipSync(bundled(testLabels!));
  for (const length of [5, 12, 1000, zipped.length - 1]) {
    await fails((_, response) => response.end(zipped.subarray(0, length)), /Could not download/);
  }
});

test('a connection that breaks within a file is an error', () =>
  fails((_, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write(gzipSync(bundled(testLabels!)).subarray(0, 500), () => response.destroy());
  }, /Could not download/));

test('a connection that breaks before the answer is an error', () =>
  fails((_, response) => response.destroy(), /Could not download .+: .+/));

test('a missing server is an error with the reason', async () => {
  let address = '';
  await withServer(mirror, async (used) => {
    address = used;
  });
  await assert.rejects(
    collect(address, mkdtempSync(join(root, 'mnist-'))),
    isError('E_DATA', /Could not download .*ECONNREFUSED/),
  );
});

test('an address that is not http is refused before any change', async () => {
  const absent = join(root, 'untouched');
  for (const address of ['https://mirror.example/mnist', 'mirror.example/mnist', 'file:///tmp', '']) {
    await assert.rejects(collect(address, absent), isError('E_USAGE', /starts with http:\/\//));
  }
  assert.ok(!existsSync(absent));
});

test('a folder that cannot be created is E_IO', async () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  await assert.rejects(collect('http://127.0.0.1:1/', join(file, 'x')), isError('E_IO', /create the folder/));
});

test('a missing file and a moved file are reported as such', async () => {
  const directory = folderWithout(trainImages!);
  for (const [status, said] of [
    [404, /: 404 Not Found/],
    [301, /: a redirect to http:\/\/elsewhere\.example\/; use the address/],
  ] as const) {
    await withServer(
      (_, response) => void response.writeHead(status, { location: 'http://elsewhere.example/' }).end(),
      (address) => assert.rejects(collect(address, directory), isError('E_DATA', said)),
    );
  }
});
