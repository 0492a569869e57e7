/** @file Commands in hints start with the name that works in the user's shell. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { packageRoot } from '../package.js';
import { isInProject, withProgramName } from './shell.js';

const folder = mkdtempSync(join(tmpdir(), 'wnlstm-name-'));
after(() => rmSync(folder, { recursive: true }));
const { PATH } = process.env;
const start = process.cwd();
afterEach(() => {
  process.env.PATH = PATH;
  process.chdir(start);
});

test('a command in a hint starts with wnlstm where PATH has it, else with npx or the path of the script', () => {
  process.env.PATH = folder;
  process.chdir(packageRoot);
  assert.equal(withProgramName('Run `wnlstm ls`.'), 'Run `npx wnlstm ls`.');
  process.chdir(folder);
  const script = join(packageRoot, 'bin/wnlstm.js');
  assert.equal(
    withProgramName('`wnlstm a`, then `wnlstm b`'),
    `\`node ${script} a\`, then \`node ${script} b\``,
  );
  writeFileSync(join(folder, 'wnlstm'), '');
  assert.equal(withProgramName('Run `wnlstm ls`.'), 'Run `wnlstm ls`.');
});

test('the name of the program outside of a command stays', () => {
  process.env.PATH = '';
  for (const text of ['wnlstm ls', 'needs wnlstm 2', '`wnlstm`']) assert.equal(withProgramName(text), text);
});

test('npx finds the program in the project that has installed it, and in its folders', () => {
  const project = realpathSync(folder);
  const root = `${join(project, 'node_modules/wnlstm')}/`;
  mkdirSync(join(project, 'experiments'));
  for (const inside of ['.', 'experiments']) {
    process.chdir(join(project, inside));
    assert.equal(isInProject(root), true);
    assert.equal(isInProject(project), false);
  }
  process.chdir(dirname(project));
  assert.equal(isInProject(root), false);
});
