/** @file Config files: their values, and messages about mistakes. */

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ConfigKey, defaultConfig } from './config.js';
import { keysOf, readConfigFile, readObject } from './config-file.js';
import { UserError } from './errors.js';
import { expandHome, packageRoot } from './package.js';

const folder = mkdtempSync(join(tmpdir(), 'wnlstm-'));
after(() => rmSync(folder, { recursive: true }));

function fileWith(text: string): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, text);
  return path;
}

/** The message of the E_CONFIG that `task` throws. */
function problem(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, 'E_CONFIG');
    assert.ok(error.hint, 'the error has a hint');
    return error.message;
  }
  assert.fail('Expected an error, got none.');
}

test('a config file is read as its keys, without $schema', () => {
  const path = fileWith('{ "$schema": "./schema.json", "model": "base", "clip": null }\n');
  assert.deepEqual(readConfigFile(path), { model: 'base', clip: null });
  assert.deepEqual(readConfigFile(fileWith('{}')), {});
});

test('an error names a config file that is missing, a folder, not JSON or not an object', () => {
  assert.match(
    problem(() => readConfigFile(join(folder, 'absent.json'))),
    /absent\.json: no such file/,
  );
  assert.match(
    problem(() => readConfigFile(folder)),
    new RegExp(`${folder}: it is a folder`),
  );
  for (const text of ['', '{', '{ "lr": 0.1, }', "{ 'lr': 0.1 }", 'lr: 0.1']) {
    assert.match(
      problem(() => readConfigFile(fileWith(text))),
      /config\.json is not JSON: /,
      text,
    );
  }
  for (const [text, got] of [
    ['[]', 'a list'],
    ['[{ "lr": 0.1 }]', 'a list'],
    ['null', 'null'],
    ['5', '5'],
    ['"lr"', '"lr"'],
  ]) {
    const message = problem(() => readConfigFile(fileWith(text!)));
    assert.ok(message.endsWith(`config.json: expected a JSON object, got ${got}.`), message);
  }
});

test('a config file is validated when it is read, and problems name its keys', () => {
  const path = fileWith('{ "clipMode": "x", "unitz": 3 }');
  const message = problem(() => readConfigFile(path));
  assert.ok(message.startsWith(`${path}: clipMode: expected one of`), message);
  assert.match(message, /unknown key unitz \(nearest: units\)/);
});

test('keys keep the order of the file at every depth, also if they are numbers', () => {
  const read = readObject(fileWith('{"b": {"32": 1, "16": {"z": 1, "2": 2}}, "1": 0, "a": 0}'), 'file', '{}');
  assert.deepEqual(keysOf(read), ['b', '1', 'a']);
  const inner = read.b as Record<string, object>;
  assert.deepEqual(keysOf(inner), ['32', '16']);
  assert.deepEqual(keysOf(inner[16]!), ['z', '2']);
  assert.deepEqual(keysOf({ made: 1, elsewhere: 2 }), ['made', 'elsewhere']);
});

test('all duplicate keys are reported with both positions, at every depth', () => {
  assert.equal(
    problem(() => readConfigFile(fileWith('{\n  "lr": 0.1,\n  "units": 3,\n  "lr": 0.2\n}'))),
    `${join(folder, 'config.json')}, line 4, column 3: duplicate key "lr", first at line 2, column 3.`,
  );
  const twice = problem(() =>
    readObject(fileWith('{"arms": {"a": {}, "a": {"lr": 1, "lr": 2}}}'), 'f', '{}'),
  );
  assert.match(twice, /column 20: duplicate key "a".*; line 1, column 35: duplicate key "lr"/);
});

test('a syntax error is reported with its position and the unexpected text', () => {
  for (const [text, said] of [
    ['{"lr": 0.1,}', 'line 1, column 12: unexpected "}"'],
    ['{\n  lr: 0.1\n}', 'line 2, column 3: unexpected "lr"'],
    ['// a comment\n{}', 'line 1, column 1: unexpected "/"'],
    ['{"lr": tru}', 'line 1, column 8: unexpected "tru"'],
    ['{"lr":', 'unexpected end of the file'],
    ['', 'unexpected end of the file'],
  ]) {
    const message = problem(() => readConfigFile(fileWith(text!)));
    assert.ok(message.endsWith(`config.json is not JSON: ${said}.`), message);
  }
});

test('a byte order mark and a key called __proto__ are harmless', () => {
  assert.deepEqual(readConfigFile(fileWith('\uFEFF{"lr": 1}')), { lr: 1 });
  assert.match(
    problem(() => readConfigFile(fileWith('{"__proto__": {"lr": 1}}'))),
    /unknown key __proto__/,
  );
});

const shipped = readdirSync(join(packageRoot, 'configs')).filter((name) => /(?<!schema)\.json$/.test(name));
const defaults = defaultConfig();

test('each bundled config is valid and contains only keys that differ from the defaults', () => {
  assert.ok(shipped.length >= 4);
  for (const name of shipped) {
    const keys = readConfigFile(join(packageRoot, 'configs', name));
    for (const [key, value] of Object.entries(keys)) {
      assert.notDeepEqual(value, defaults[key as ConfigKey], `configs/${name} has the default of ${key}`);
    }
  }
});

test('a ~ at the start of a path is the home folder, and elsewhere a plain character', () => {
  assert.equal(expandHome('~'), homedir());
  assert.equal(expandHome('~/runs'), join(homedir(), 'runs'));
  for (const path of ['a/~/b', '~x', 'runs', '/~']) assert.equal(expandHome(path), path);
});

test('a sweep file in the place of a config is reported as a sweep file', () => {
  assert.match(
    problem(() => readConfigFile(join(packageRoot, 'configs/sweeps/article.json'))),
    /article\.json is a sweep file, not the config of one run\.$/,
  );
});
