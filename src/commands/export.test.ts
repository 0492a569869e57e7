/** @file `wnlstm export`: which files it writes for one run, several runs and sweeps, and what it refuses. */

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { assertRefused, wnlstm } from '../end-to-end/cli.testing.js';
import { interrupted, scratch, trained, trainedSweep } from '../export/exported.testing.js';
import { EVENT_FILE } from '../export/tensorboard/events.js';

const run = await trained();
const sweep = await trainedSweep();
const unfinished = await interrupted();
const runsOfSweep = readdirSync(sweep).filter((name) => name !== 'plan.json');

function outFolder(): string {
  return mkdtempSync(join(scratch, 'out-'));
}

function exporting(format: string, out: string, ...names: readonly string[]) {
  return wnlstm('export', ...names, '--format', format, '--out', out);
}

/** All files in a folder, with their contents. */
function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    names.map((entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      return [path.slice(folder.length + 1), readFileSync(path, 'latin1')];
    }),
  );
}

const EVENTS = [EVENT_FILE, `train/${EVENT_FILE}`, `validation/${EVENT_FILE}`];
/** The files of a run in each format, below the path of the run. */
const FILES = { npz: [''], onnx: [''], tfjs: ['/model.json', '/weights.bin'] };

test('one run becomes the named file or folder, whose path is printed', () => {
  const out = outFolder();
  for (const [format, names] of Object.entries(FILES)) {
    const target = join(out, `x.${format}`);
    assert.deepEqual(exporting(format, target, run), { code: 0, out: `${target}\n`, err: '' });
    for (const name of names) assert.ok(existsSync(`${target}${name}`), name);
  }
  assert.equal(exporting('csv', join(out, 'x.csv'), run).code, 0);
  assert.equal(readdirSync(out).length, 4);
});

test('a sweep becomes one file or folder per run, and so does one run for TensorBoard', () => {
  for (const [format, ending] of Object.entries({ npz: '.npz', onnx: '.onnx', tfjs: '' })) {
    const out = join(outFolder(), 'new');
    assert.equal(exporting(format, out, sweep).code, 0);
    assert.deepEqual(readdirSync(out), runsOfSweep.map((name) => `${name}${ending}`).sort());
  }
  const out = outFolder();
  assert.equal(exporting('tensorboard', out, sweep).code, 0);
  assert.equal(exporting('tensorboard', out, run).code, 0);
  assert.deepEqual(
    Object.keys(contents(out)).sort(),
    [...runsOfSweep, basename(run)].flatMap((name) => EVENTS.map((file) => `${name}/${file}`)).sort(),
  );
});

test('csv holds all runs of all sweeps in one table, in a file or on standard output', async () => {
  const other = await trainedSweep('other');
  const { code, out, err } = exporting('csv', '-', sweep, run, other);
  assert.equal(code, 0, err);
  const path = join(outFolder(), 'table.csv');
  assert.equal(exporting('csv', path, sweep, run, other).code, 0);
  assert.equal(readFileSync(path, 'utf8'), out);
  const names = new Set(
    out
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',', 1)[0]),
  );
  assert.deepEqual([...names], ['pair', 'other', '']);
});

test('several sweeps have a folder each, so that equal runs do not collide', async () => {
  const other = await trainedSweep('other');
  const out = outFolder();
  assert.equal(exporting('npz', out, sweep, other, run).code, 0);
  assert.deepEqual(readdirSync(out).sort(), [`${basename(run)}.npz`, 'other', 'pair'].sort());
  assert.deepEqual(readdirSync(join(out, 'other')), readdirSync(join(out, 'pair')));
});

test('the same run becomes the same bytes twice', () => {
  for (const format of ['tensorboard', 'npz', 'tfjs', 'onnx', 'csv']) {
    const [a, b] = [outFolder(), outFolder()];
    for (const out of [a, b]) assert.equal(exporting(format, join(out, 'x'), sweep).code, 0);
    assert.deepEqual(contents(a), contents(b), format);
  }
});

test('an existing file is replaced only with --force, and a refused export changes nothing', () => {
  const out = outFolder();
  const [first] = runsOfSweep;
  writeFileSync(join(out, `${first}.npz`), 'mine');
  assertRefused(exporting('npz', out, sweep), new RegExp(`${first}\\.npz exists; nothing was written`));
  assert.deepEqual(contents(out), { [`${first}.npz`]: 'mine' });
  assert.equal(wnlstm('export', sweep, '--format', 'npz', '--out', out, '--force').code, 0);
  assert.equal(readdirSync(out).length, runsOfSweep.length);
  assert.notEqual(contents(out)[`${first}.npz`], 'mine');
});

test('an unfinished run has rows, which a note says, but no final weights', () => {
  const out = outFolder();
  for (const format of ['csv', 'tensorboard']) {
    const { code, err } = exporting(format, join(out, format), unfinished);
    assert.equal(code, 0);
    assert.match(err, /^note Includes 1 unfinished run\.$/m);
  }
  for (const format of ['npz', 'tfjs', 'onnx'])
    assertRefused(
      exporting(format, join(out, format), unfinished),
      /has final weights\. Excluded .*: the run is interrupted/,
    );
  assert.deepEqual(readdirSync(out).sort(), ['csv', 'tensorboard']);
});

test('runs of a sweep without final weights are left out of models, with a note', () => {
  const copy = join(outFolder(), 'pair');
  cpSync(sweep, copy, { recursive: true });
  const record = join(copy, runsOfSweep[0]!, 'run.json');
  writeFileSync(record, readFileSync(record, 'utf8').replace('"completed"', '"interrupted"'));
  const out = outFolder();
  const { code, err } = exporting('onnx', out, copy);
  assert.equal(code, 0);
  assert.match(err, /note Excluded .*: the run is interrupted\./);
  assert.equal(readdirSync(out).length, runsOfSweep.length - 1);
});

test('a damaged checkpoint ends the export, and nothing is left', () => {
  const copy = join(outFolder(), 'pair');
  cpSync(sweep, copy, { recursive: true });
  const checkpoints = join(copy, runsOfSweep.at(-1)!, 'checkpoints');
  const last = readdirSync(checkpoints).sort().at(-1)!;
  const path = join(checkpoints, last, 'model.safetensors');
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  for (const format of ['npz', 'tfjs', 'onnx']) {
    const out = outFolder();
    assertRefused(exporting(format, join(out, 'a/b'), copy), /model\.safetensors: expected the SHA-256/);
    assert.deepEqual(readdirSync(out), []);
  }
});

test('weights of another run are refused, although their own checksums fit', async () => {
  const copy = join(outFolder(), basename(run));
  cpSync(run, copy, { recursive: true });
  const other = await trained({ seed: 1 });
  const checkpoint = (of: string) => join(of, 'checkpoints', 'step-000026');
  rmSync(checkpoint(copy), { recursive: true });
  cpSync(checkpoint(other), checkpoint(copy), { recursive: true });
  assertRefused(exporting('onnx', join(dirname(copy), 'm'), copy), /expected a checkpoint of .*, got one of/);
});

test('damaged rows do not keep the weights back', () => {
  const copy = join(outFolder(), basename(run));
  cpSync(run, copy, { recursive: true });
  writeFileSync(join(copy, 'steps.csv'), 'nonsense\n');
  assert.equal(exporting('onnx', join(dirname(copy), 'm.onnx'), copy).code, 0);
  assertRefused(exporting('csv', '-', copy), /has rows\. Excluded .*steps\.csv/);
});

test('wrong usage is one clear error', () => {
  const out = outFolder();
  assertRefused(exporting('onnx', '-', run), /--out -: expected a path for the format onnx/);
  assertRefused(
    exporting('hdf5', join(out, 'x'), run),
    /Allowed choices are tensorboard, csv, npz, tfjs, onnx/,
  );
  assertRefused(wnlstm('export', run, '--format', 'npz'), /required option '--out <path>' not specified/);
  assertRefused(
    wnlstm('export', run, '--out', join(out, 'x')),
    /required option '--format <name>' not specified/,
  );
  assertRefused(exporting('npz', join(out, 'x'), join(out, 'nowhere')), /found no run/);
  assertRefused(exporting('npz', out, run), /is a folder; nothing was written/);
  writeFileSync(join(out, 'file'), '');
  assertRefused(
    exporting('npz', join(out, 'file'), sweep),
    /file is a file, not a folder; nothing was written/,
  );
  assertRefused(exporting('tensorboard', dirname(run), run), /is in the folder of the run/);
});
