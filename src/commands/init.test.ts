/** @file `wnlstm init` writes a project whose files work, and overwrites nothing without `--force`. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../config.js';
import {
  assertRefused,
  bin,
  data,
  environment,
  freshFolder,
  type Result,
  wnlstm,
} from '../end-to-end/cli.testing.js';
import { parseSweep } from '../sweep/grid.js';

const NAMES = ['README.md', 'config.json', 'sweep.json'];

function read(...path: string[]): string {
  return readFileSync(join(...path), 'utf8');
}

/** The three commands in the README of a project, as their arguments. */
function commandsIn(project: string): string[][] {
  const [, block = ''] = /```sh\n(.*?)```/s.exec(read(project, 'README.md')) ?? [];
  const lines = block.trim().split('\n');
  return lines.map((line) =>
    line
      .replace(/ +#.*$/, '')
      .replace(/^.*?(?:wnlstm|wnlstm\.js) /, '')
      .split(' '),
  );
}

test('the files are valid, and the commands of the README work in the folder', () => {
  const project = freshFolder();
  const { code, out, err } = wnlstm('init', project);
  assert.equal(code, 0);
  assert.deepEqual(
    out.trim().split('\n').sort(),
    NAMES.map((name) => join(project, name)),
  );
  parseConfig(JSON.parse(read(project, 'config.json')), 'config.json');
  parseSweep(JSON.parse(read(project, 'sweep.json')), 'sweep.json');

  // The same files with settings that take milliseconds.
  const small = { data, backend: 'wasm', device: 'cpu', units: 4, batch: 16, steps: 4 };
  for (const name of ['config.json', 'sweep.json']) {
    const file = JSON.parse(read(project, name));
    const changed =
      name === 'config.json' ? { ...file, ...small } : { ...file, base: { ...file.base, ...small } };
    writeFileSync(join(project, name), JSON.stringify(changed));
  }
  const commands = commandsIn(project);
  assert.deepEqual(
    commands.map(([name]) => name),
    ['train', 'sweep', 'compare'],
  );
  for (const args of commands) {
    assert.ok(err.includes(`${args.join(' ')}\n`), 'the command is printed');
    const { status, stderr } = spawnSync(process.execPath, [bin, ...args], {
      cwd: project,
      encoding: 'utf8',
      env: environment,
    });
    assert.equal(status, 0, stderr);
  }
  assert.equal(readdirSync(join(project, 'runs/first')).filter((name) => name.includes('-s')).length, 16);
});

test('without a name, the project is in the current folder, which may have other files', () => {
  const project = freshFolder();
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{}');
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'init'], {
    cwd: project,
    encoding: 'utf8',
    env: environment,
  });
  assert.equal(status, 0, stderr);
  assert.deepEqual(stdout.trim().split('\n').sort(), NAMES);
  assert.doesNotMatch(stderr, /cd /);
  assert.deepEqual(readdirSync(project).sort(), [...NAMES, 'package.json'].sort());
});

test('files that exist are named and kept, and nothing is written; --force overwrites only them', () => {
  const project = freshFolder();
  mkdirSync(project);
  writeFileSync(join(project, 'README.md'), 'mine');
  writeFileSync(join(project, 'notes.txt'), 'mine');
  symlinkSync('missing.json', join(project, 'sweep.json'));
  const refused: Result = wnlstm('init', project);
  assertRefused(refused, /sweep\.json, .*README\.md already exist; nothing was written\.\nhint .*--force/);
  assert.equal(read(project, 'README.md'), 'mine');
  assert.ok(!existsSync(join(project, 'config.json')));
  assert.equal(wnlstm('init', project, '--force').code, 0);
  assert.match(read(project, 'README.md'), /^# Experiments/);
  assert.equal(read(project, 'notes.txt'), 'mine');
  assert.ok(!existsSync(join(project, 'missing.json')), 'a link is replaced, and not followed');
});

test('a folder in the place of a file, and a file in the place of the folder, are refused', () => {
  const project = freshFolder();
  mkdirSync(join(project, 'sweep.json'), { recursive: true });
  assertRefused(
    wnlstm('init', project, '--force'),
    /Expected a file or nothing at .*sweep\.json, got a folder/,
  );
  assert.deepEqual(readdirSync(project), ['sweep.json']);
  writeFileSync(join(project, 'file'), '');
  assertRefused(wnlstm('init', join(project, 'file')), /Expected a folder, got .*file, which is not one/);
  assertRefused(wnlstm('init', join(project, 'file/deeper')), /Could not create the folder|not a folder/);
  assertRefused(wnlstm('init', ''), /It must not be empty/);
});

test('if a file cannot be written, no file and no folder is left', {
  skip: process.platform === 'win32' ? 'needs ulimit' : false,
}, () => {
  const parent = freshFolder();
  mkdirSync(parent);
  const words = [process.execPath, bin, 'init', join(parent, 'new', 'project')];
  const limited = spawnSync('sh', ['-c', 'ulimit -f 1; exec "$@"', 'sh', ...words], { encoding: 'utf8' });
  assertRefused(
    { code: limited.status, out: limited.stdout, err: limited.stderr },
    /Could not write .*README\.md: the file would exceed the size limit/,
  );
  assert.deepEqual(readdirSync(parent), []);
});
