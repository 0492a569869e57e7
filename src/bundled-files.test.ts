/** @file Bundled files are found by their names, and files of the user come first. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { bundledNames, bundledPath, pathOrBundled } from './bundled-files.js';
import { packageRoot } from './package.js';

const folder = mkdtempSync(join(tmpdir(), 'wnlstm-bundled-'));
const start = process.cwd();
process.chdir(folder);
after(() => {
  process.chdir(start);
  rmSync(folder, { recursive: true });
});

test('the bundled configs and sweep files are known by their names', () => {
  assert.deepEqual(bundledNames('config'), ['base', 'smoke', 'wn', 'wn-clip']);
  assert.ok(bundledNames('sweep file').includes('article'));
  assert.equal(pathOrBundled('config', 'smoke'), join(packageRoot, 'configs/smoke.json'));
  assert.equal(pathOrBundled('sweep file', 'article'), join(packageRoot, 'configs/sweeps/article.json'));
});

test('a file in the current folder comes before the bundled file of the same name, a folder does not', () => {
  writeFileSync('smoke', '{}');
  assert.equal(pathOrBundled('config', 'smoke'), 'smoke');
  mkdirSync('wn');
  assert.equal(pathOrBundled('config', 'wn'), join(packageRoot, 'configs/wn.json'));
});

test('a path stays as it is, whether a file is there or not', () => {
  for (const path of ['smoke.json', './article', 'configs/smoke.json', '/dev/stdin']) {
    assert.equal(pathOrBundled('config', path), path);
  }
});

test('an unknown name is an error with the nearest name and the list of names', () => {
  assert.throws(() => pathOrBundled('config', 'smoek'), {
    code: 'E_USAGE',
    message: 'There is no config called smoek (nearest: smoke).',
    hint: 'The bundled configs are base, smoke, wn, wn-clip.',
  });
  for (const name of ['schema', 'constructor']) {
    assert.throws(() => pathOrBundled('config', name), { code: 'E_USAGE' });
  }
  assert.throws(() => bundledPath('document', '../README'), { code: 'E_USAGE' });
});
