/** @file Installing from fake wheels with a fake pip: an installation is complete or absent. */

import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../errors.js';
import { assertNothing, CUBLAS, fails, fresh, libraries, NAMES, root, setUp } from './install.testing.js';
import {
  installationDirectory,
  installationsDirectory,
  LIBRARIES,
  listInstallations,
} from './installation.js';
import { writeWheel } from './wheel.testing.js';

const [framework, main] = LIBRARIES;

test('the cpu variant consists of two libraries and a manifest, and the download is removed', async () => {
  fresh();
  const { installation, reused } = await setUp({ variant: 'cpu' });
  assert.equal(reused, false);
  assert.equal(installation.directory, installationDirectory('2.20.0', 'cpu'));
  assert.deepEqual(readdirSync(installation.directory).sort(), [main, framework, 'manifest.json'].sort());
  assert.equal(
    readFileSync(join(installation.directory, framework), 'utf8'),
    libraries[`tensorflow/${framework}`],
  );
  assert.deepEqual(listInstallations(), [installation]);
  assert.match(installation.manifest.wheels[NAMES.cpu]!, /^[0-9a-f]{64}$/);
  assert.deepEqual(readdirSync(installationsDirectory()), ['2.20.0-cpu']);
});

test("the cuda variant also has nvidia's libraries", async () => {
  const index = fresh();
  const { installation } = await setUp({ variant: 'cuda' });
  assert.deepEqual(
    Object.keys(installation.manifest.files).sort(),
    [main, framework, 'nvidia/cublas/lib/libcublas.so.12'].sort(),
  );
  assert.deepEqual(Object.keys(installation.manifest.wheels).sort(), [CUBLAS, NAMES.cuda].sort());
  assert.deepEqual(readdirSync(join(installation.directory, 'nvidia/cublas/lib')), ['libcublas.so.12']);
  assert.match(readFileSync(join(index, 'log'), 'utf8'), /nvidia-cublas-cu12<13\.0,>=12\.5\n/);
});

test('a complete installation is reused without pip', async () => {
  const index = fresh();
  const first = await setUp({ variant: 'cpu' });
  const log = readFileSync(join(index, 'log'), 'utf8');
  const again = await setUp({ variant: 'cpu' });
  assert.deepEqual([again.reused, again.installation], [true, first.installation]);
  assert.equal(readFileSync(join(index, 'log'), 'utf8'), log);
});

test('an installation with a changed or missing library or a truncated manifest is not used but installed again', async () => {
  fresh();
  const { directory } = (await setUp({ variant: 'cpu' })).installation;
  for (const damage of [
    () => truncateSync(join(directory, framework), 100),
    () => unlinkSync(join(directory, main)),
    () => writeFileSync(join(directory, framework), 'framewerk '.repeat(50_000)), // of the same length
    () => truncateSync(join(directory, 'manifest.json'), 20),
  ]) {
    damage();
    assert.deepEqual(listInstallations(), []);
    assert.equal((await setUp({ variant: 'cpu' })).reused, false);
    assert.equal(listInstallations().length, 1);
  }
});

test('a library that does not load is not installed, and its download is kept', async () => {
  const index = fresh();
  const check = async (): Promise<never> => {
    throw new UserError('E_BACKEND', 'it does not load');
  };
  await assert.rejects(setUp({ variant: 'cpu', check }), fails('E_BACKEND', /does not load/, /^$/));
  assertNothing();
  unlinkSync(join(index, NAMES.cpu));
  writeFileSync(join(index, NAMES.cpu), 'the index changed'); // like pip, the fake pip uses the existing download
  assert.equal((await setUp({ variant: 'cpu' })).reused, false);
});

test('a library whose version differs from its wheel is refused', async () => {
  fresh();
  const check = async () => ({ version: '2.19.1', gpus: [], usableGpus: 0, failed: [], cudaVersions: {} });
  await assert.rejects(
    setUp({ variant: 'cpu', check }),
    fails('E_DATA', /Expected TensorFlow 2\.20\.0, got 2\.19\.1/, /--version 2\.19\.1/),
  );
  assertNothing();
});

test('a truncated download is deleted, and the next run downloads it again', async () => {
  const index = fresh();
  const whole = readFileSync(join(index, NAMES.cpu));
  for (const length of [0, 1, 100, whole.length >> 1, whole.length - 1]) {
    writeFileSync(join(index, NAMES.cpu), whole.subarray(0, length));
    await assert.rejects(
      setUp({ variant: 'cpu' }),
      fails('E_DATA', /The wheel .* is damaged: /, /same command again/),
    );
    assertNothing();
  }
  writeFileSync(join(index, NAMES.cpu), whole);
  assert.equal((await setUp({ variant: 'cpu' })).reused, false);
});

test('a wheel whose RECORD has another hash, or none, for a library is refused', async () => {
  const index = fresh();
  const other = `tensorflow/${framework},sha256=${'A'.repeat(43)},500000\n`;
  for (const record of [other, '']) {
    writeWheel(index, NAMES.cpu, libraries, { record });
    await assert.rejects(
      setUp({ variant: 'cpu' }),
      fails('E_DATA', /the SHA-256 of tensorflow\/lib.* differs/, /again/),
    );
    assertNothing();
  }
});

test('a flipped byte of a wheel is detected or harmless', async () => {
  const index = fresh();
  const whole = readFileSync(join(index, NAMES.cpu));
  for (let at = 0; at < whole.length; at += 23) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 0x55;
    const from = join(root, 'flipped');
    mkdirSync(from, { recursive: true });
    writeFileSync(join(from, NAMES.cpu), flipped);
    try {
      const { directory } = (await setUp({ variant: 'cpu', from })).installation;
      for (const library of LIBRARIES) {
        assert.equal(readFileSync(join(directory, library), 'utf8'), libraries[`tensorflow/${library}`]);
      }
      rmSync(directory, { recursive: true });
    } catch (error) {
      assert.ok(error instanceof UserError, `byte ${at}: ${(error as Error).stack}`);
      assertNothing();
    }
  }
});

test('a wheel of the default version with another SHA-256 is refused', async () => {
  const index = fresh();
  const name = NAMES.cpu.replace('2.20.0', '2.21.0');
  const wheel = writeWheel(join(index, 'other'), name, libraries);
  await assert.rejects(
    setUp({ variant: 'cpu', version: null, from: wheel }),
    fails('E_DATA', /damaged: its SHA-256 is [0-9a-f]{64}, expected dcc8afd3/, /download it again/),
  );
  assertNothing();
});

test('a wheel in zip64 format is accepted', async () => {
  const index = fresh();
  writeWheel(index, NAMES.cpu, libraries, { zip64: true });
  const { installation } = await setUp({ variant: 'cpu' });
  assert.equal(installation.manifest.files[framework], 500_000);
});

test('a cache that cannot be written is an error that mentions XDG_CACHE_HOME', async () => {
  fresh();
  process.env.XDG_CACHE_HOME = join(root, 'a-file');
  writeFileSync(join(root, 'a-file'), '');
  await assert.rejects(
    setUp({ variant: 'cpu' }),
    fails('E_IO', /Could not create the folder/, /XDG_CACHE_HOME/),
  );
});

test('the staging folder of a killed process is removed, and that of a running one is kept', async () => {
  fresh();
  const stages = ['.stage-999999999', `.stage-${process.ppid}`].map((name) =>
    join(installationsDirectory(), name),
  );
  for (const stage of stages) mkdirSync(stage, { recursive: true });
  await setUp({ variant: 'cpu' });
  assert.deepEqual(
    stages.map((stage) => existsSync(stage)),
    [false, true],
  );
});

test('the downloads of a running process are left alone, and those of a dead one are taken over', async () => {
  const index = fresh();
  const downloadsOf = (pid: number): string => join(installationsDirectory(), `.wheels-2.20.0-cpu-${pid}`);
  const [dead, running] = [downloadsOf(999_999_999), downloadsOf(process.ppid)];
  for (const downloads of [dead, running]) {
    mkdirSync(downloads, { recursive: true });
    copyFileSync(join(index, NAMES.cpu), join(downloads, NAMES.cpu));
  }
  const fetched = join(installationsDirectory(), `.wheels-2.20.0-cpu-${process.pid}`, NAMES.cpu);
  const seen: boolean[] = [];
  const progress = { terminal: null, line: () => void seen.push(existsSync(fetched) && !existsSync(dead)) };
  await setUp({ variant: 'cpu', progress });
  assert.ok(seen.includes(true), "the dead process's folder was renamed to this process's");
  assert.deepEqual(
    [dead, running, fetched].map((path) => existsSync(path)),
    [false, true, false],
  );
});

test('stopping while unpacking leaves only the download', async () => {
  fresh();
  const stop = new AbortController();
  const progress = {
    terminal: null,
    line: (text: string) => void (text.startsWith('Unpacking') && stop.abort(130)),
  };
  await assert.rejects(setUp({ variant: 'cpu', progress, signal: stop.signal }), { code: 'ABORT_ERR' });
  assertNothing();
});
