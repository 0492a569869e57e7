/** @file Running pip, which a script simulates, and explaining its errors. */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../errors.js';
import { downloadCommand, downloadWheels, explainPip, findPython, installedTensorFlow } from './pip.js';
import { writeFakePython, writeWheel } from './wheel.testing.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-pip-'));
const path = process.env.PATH;
after(() => {
  process.env.PATH = path;
  rmSync(root, { recursive: true });
});

function isError(message: RegExp, hint: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/);
    assert.match(error.hint ?? '', hint);
    return true;
  };
}

let folders = 0;

/** Sets PATH to a folder with only these programs. */
function onlyPrograms(programs: Record<string, string>): void {
  const directory = join(root, `bin-${folders++}`);
  mkdirSync(directory);
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(directory, name), 0o755);
  }
  process.env.PATH = directory;
}

/** Puts a simulated pip on PATH; returns the folder that it serves. */
function fakePip(): string {
  const index = join(root, `index-${folders++}`);
  process.env.PATH = `${writeFakePython(join(root, `bin-${folders++}`), index)}:${path}`;
  return index;
}

const quiet = { terminal: null, line: () => {} };

test('without Python or without pip, the error names what to install', () => {
  onlyPrograms({});
  assert.throws(findPython, isError(/got no Python\.$/, /apt install python3-pip.*--from/));
  onlyPrograms({ python3: 'echo "No module named pip" >&2; exit 1' });
  assert.throws(findPython, isError(/got `python3` without pip\.$/, /apt install python3-pip/));
  onlyPrograms({ python: 'echo "pip 20.3.4 from x (python 2.7)"' });
  assert.throws(findPython, isError(/`python` without pip/, /Python 3/));
});

test('an old pip is an error with the command that upgrades it', () => {
  onlyPrograms({ python3: 'echo "pip 20.0.2 from x (python 3.8)"' });
  assert.throws(
    findPython,
    isError(/pip 20\.3 or newer, got pip 20\.0/, /python3 -m pip install .*--upgrade pip/),
  );
});

test('python is used if there is no python3', () => {
  onlyPrograms({ python: 'echo "pip 26.0.1 from x (python 3.14)"' });
  assert.equal(findPython(), 'python');
});

test('an error of pip becomes one line and a hint', () => {
  const cases: [string, RegExp, RegExp][] = [
    [
      "WARNING: Retrying (Retry(total=1, connect=None)) after connection broken by 'NewConnectionError(...)': /simple/x/\nERROR: Could not find a version that satisfies the requirement x (from versions: none)\nERROR: No matching distribution found for x",
      /^Could not reach the package index for x\.$/,
      /Check the network.*--from/,
    ],
    [
      'ERROR: Could not find a version that satisfies the requirement x==9 (from versions: 2.20.0, 2.21.0)\nERROR: No matching distribution found for x==9',
      /has no x for Linux on x86-64 and Python 3\.12; it has 2\.20\.0, 2\.21\.0\.$/,
      /--version/,
    ],
    [
      'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device',
      /the disk is full/,
      /XDG_CACHE_HOME/,
    ],
    ["ERROR: [Errno 13] Permission denied: '/x'", /Permission denied/, /XDG_CACHE_HOME/],
    [
      'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES.\nmore',
      /^pip could not download x: THESE/,
      /again.*--from/,
    ],
    ['Traceback\n  File "x"\nKeyError: 1', /x: KeyError: 1\.$/, /again/],
    ['', /^pip could not download x: nothing\.$/, /again/],
  ];
  for (const [stderr, message, hint] of cases) assert.ok(isError(message, hint)(explainPip(stderr, 'x')));
});

test('a download requests only wheels for Linux and Python 3.12, and shows the output of pip', async () => {
  const index = fakePip();
  writeWheel(index, 'some_thing-1.2-py3-none-any.whl', {});
  const shown: string[] = [];
  const target = mkdtempSync(join(root, 'to-'));
  await downloadWheels(['some-thing==1.2'], target, { terminal: null, line: (text) => shown.push(text) });
  assert.deepEqual(readdirSync(target), ['some_thing-1.2-py3-none-any.whl']);
  assert.deepEqual(shown, ['Downloading some_thing-1.2-py3-none-any.whl']);
  const asked = readFileSync(join(index, 'log'), 'utf8');
  for (const option of [
    '--no-deps',
    '--only-binary=:all:',
    '--python-version=3.12',
    '--platform=manylinux_2_27_x86_64',
  ]) {
    assert.ok(asked.includes(option), option);
  }
});

test('a failed or stopped download is an error', async () => {
  const index = fakePip();
  await assert.rejects(downloadWheels(['absent==1'], root, quiet), isError(/has no absent==1/, /--version/));
  writeFileSync(join(index, 'slow'), '');
  const stop = new AbortController();
  const stopped = downloadWheels(['absent==1'], root, quiet, stop.signal);
  setTimeout(() => stop.abort(130), 50);
  await assert.rejects(stopped, { code: 'ABORT_ERR' });
});

test('an installed TensorFlow is found without being imported', () => {
  const index = fakePip();
  assert.throws(
    installedTensorFlow,
    isError(/expected an installed TensorFlow, got `python3` without TensorFlow/, /--from/),
  );
  writeFileSync(join(index, 'installed'), '/some where/tensorflow\n');
  assert.equal(installedTensorFlow(), '/some where/tensorflow');
  assert.doesNotMatch(readFileSync(join(index, 'log'), 'utf8'), /import tensorflow/);
  onlyPrograms({});
  assert.throws(installedTensorFlow, isError(/got no Python 3/, /--from/));
});

test('the download command for other machines can be pasted into a shell', () => {
  assert.match(
    downloadCommand(['a==1', 'b<3,>=2']),
    /^python3 -m pip download --no-deps .*--platform=manylinux2014_x86_64 'a==1' 'b<3,>=2'$/,
  );
});
