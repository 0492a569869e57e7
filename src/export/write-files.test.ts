/** @file An export writes all of its files or none, and replaces nothing that it was not told to. */

import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../errors.js';
import { add, fresh, root } from '../runs/run.testing.js';
import { type OutputFile, writeFiles } from './write-files.js';

function folder(): string {
  return mkdtempSync(join(root, 'out-'));
}

function file(path: string, content = 'new'): OutputFile {
  return { path, parts: [content] };
}

function refused(message: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    assert.ok(error.hint);
    return true;
  };
}

test('the parts of a file follow each other, and folders are created', async () => {
  const out = folder();
  await writeFiles(
    [{ path: join(out, 'a/b/c'), parts: ['1', Buffer.from('2'), '3'] }, file(join(out, 'a/d'))],
    false,
  );
  assert.equal(readFileSync(join(out, 'a/b/c'), 'utf8'), '123');
  assert.deepEqual(readdirSync(join(out, 'a')), ['b', 'd']);
});

test('an existing file stays, with all others of the export, unless they may be replaced', async () => {
  const out = folder();
  writeFileSync(join(out, 'b'), 'old');
  const files = ['a/x', 'b', 'c'].map((name) => file(join(out, name)));
  await assert.rejects(writeFiles(files, false), refused(/b exists; nothing was written/));
  assert.deepEqual(readdirSync(out), ['b']);
  assert.equal(readFileSync(join(out, 'b'), 'utf8'), 'old');
  await writeFiles(files, true);
  assert.deepEqual(readdirSync(out), ['a', 'b', 'c']);
  assert.equal(readFileSync(join(out, 'b'), 'utf8'), 'new');
});

test('if a file cannot be made, no file and no folder is left, and replaced files keep their content', async () => {
  const out = folder();
  writeFileSync(join(out, 'b'), 'old');
  function* files() {
    yield file(join(out, 'a/x/y'));
    yield file(join(out, 'b'));
    throw new UserError('E_CHECKPOINT', 'The weights are damaged.');
  }
  await assert.rejects(writeFiles(files(), true), /damaged/);
  assert.deepEqual(readdirSync(out), ['b']);
  assert.equal(readFileSync(join(out, 'b'), 'utf8'), 'old');
});

test('if a file cannot be renamed into place, the new files before it are removed', async () => {
  const out = folder();
  function* files() {
    yield file(join(out, 'a/x'));
    yield file(join(out, 'b'));
    mkdirSync(join(out, 'b')); // another program is faster
  }
  await assert.rejects(writeFiles(files(), false), refused(/b is a folder; nothing was written/));
  assert.deepEqual(readdirSync(out), ['b']);
});

test('a file that another program creates in the meantime is not replaced', async () => {
  const out = folder();
  function* files() {
    yield file(join(out, 'a'));
    yield file(join(out, 'b'));
    writeFileSync(join(out, 'b'), 'theirs');
  }
  await assert.rejects(writeFiles(files(), false), refused(/b exists/));
  assert.deepEqual(readdirSync(out), ['b']);
  assert.equal(readFileSync(join(out, 'b'), 'utf8'), 'theirs');
});

test('a folder, a pipe and a device are not replaced, and a link is replaced instead of followed', async () => {
  const out = folder();
  mkdirSync(join(out, 'folder'));
  await assert.rejects(
    writeFiles([file(join(out, 'folder'))], true),
    refused(/folder is a folder; nothing was written/),
  );
  if (process.platform === 'win32') return;
  await assert.rejects(writeFiles([file('/dev/null')], true), refused(/is a pipe or a device/));
  writeFileSync(join(out, 'target'), 'old');
  symlinkSync('target', join(out, 'link'));
  await assert.rejects(writeFiles([file(join(out, 'link'))], false), refused(/link exists/));
  await writeFiles([file(join(out, 'link'))], true);
  assert.equal(readFileSync(join(out, 'target'), 'utf8'), 'old');
  assert.equal(readFileSync(join(out, 'link'), 'utf8'), 'new');
});

test('nothing is written into the folder of a run or over the plan of a sweep, even if files may be replaced', async () => {
  const runs = fresh();
  const run = add(runs, 'wn-a');
  const record = readFileSync(join(run, 'run.json'), 'utf8');
  for (const name of ['run.json', 'new', 'checkpoints/step-000010/model.safetensors'])
    await assert.rejects(
      writeFiles([file(join(run, name))], true),
      refused(/is in the folder of the run .*wn-a/),
    );
  assert.equal(readFileSync(join(run, 'run.json'), 'utf8'), record);
  assert.equal(existsSync(join(run, 'checkpoints')), false);
  writeFileSync(join(runs, 'plan.json'), '{}');
  await assert.rejects(writeFiles([file(join(runs, 'plan.json'))], true), refused(/is the plan of a sweep/));
  assert.equal(readFileSync(join(runs, 'plan.json'), 'utf8'), '{}');
});

test('a link into the folder of a run does not open it', async () => {
  const runs = fresh();
  const run = add(runs, 'wn-s0-12345678');
  mkdirSync(join(run, 'checkpoints'), { recursive: true });
  const link = join(folder(), 'link');
  symlinkSync(join(run, 'checkpoints'), link, 'junction');
  await assert.rejects(
    writeFiles([file(join(link, 'new', 'x'))], true),
    refused(/is in the folder of the run/),
  );
  assert.deepEqual(readdirSync(join(run, 'checkpoints')), []);
});
