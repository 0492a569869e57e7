/** @file `wnlstm help`: commands and documents by their names. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertRefused, wnlstm } from '../end-to-end/cli.testing.js';
import { packageRoot } from '../package.js';

const folder = join(packageRoot, 'docs');
const documents = readdirSync(folder).filter((name) => name.endsWith('.md'));

test('help prints every document as it is, and lists all of them at the end of the help of the program', () => {
  assert.ok(documents.length > 0);
  const { out } = wnlstm('help');
  assert.equal(out, wnlstm('--help').out);
  const listed = out.slice(out.indexOf('Documents'));
  for (const document of documents) {
    const topic = document.replace('.md', '');
    assert.ok(listed.includes(topic), topic);
    const text = `${readFileSync(join(folder, document), 'utf8').trimEnd()}\n`;
    const isCommand = ['compare', 'export', 'watch'].includes(topic);
    assert.equal(wnlstm('help', topic).out, isCommand ? `${wnlstm(topic, '--help').out}\n${text}` : text);
  }
});

test('the help of a command names its document', () => {
  assert.match(wnlstm('verify', '--help').out, /\n\nSee also: wnlstm help guarantees\n$/);
});

test('help with a command prints the help of the command', () => {
  for (const command of ['train', 'data', 'data fetch', 'help']) {
    const words = command.split(' ');
    assert.equal(wnlstm('help', ...words).out, wnlstm(...words, '--help').out);
  }
});

test('an unknown topic is an error with the nearest command or document', () => {
  assertRefused(wnlstm('help', 'trian'), /no command or document called trian \(nearest: train\)/);
  assertRefused(wnlstm('help', 'guarantee'), /nearest: guarantees/);
  assertRefused(wnlstm('help', '../README'), /no command or document/);
});

test('no line of the help of the program is wider than 79 columns, and the examples and exit codes fit 60', () => {
  const { out } = wnlstm('help');
  for (const line of out.split('\n')) assert.ok(line.length < 80, line);
  const epilogue = out.slice(out.indexOf('Examples:'), out.indexOf('Documents'));
  for (const line of epilogue.split('\n')) assert.ok(line.length <= 60, line);
});
