/** @file `wnlstm export`: which files it writes for one run, several runs and sweeps, and what it refuses. */

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { Command } from '@commander-js/extra-typings';
import { Chalk } from 'chalk';
import { assertRefused, type Result, wnlstm } from '../end-to-end/cli.testing.js';
import { EXIT } from '../errors.js';
import { interrupted, scratch, trained, trainedSweep } from '../export/exported.testing.js';
import { EVENT_FILE } from '../export/tensorboard/events.js';
import type { Io } from '../terminal/io.js';
import { printError } from '../terminal/messages.js';
import { replaceInSummary } from '../train/tiny-run.testing.js';
import { configure } from './export.js';

const run = await trained();
const sweep = await trainedSweep();
const unfinished = await interrupted();
const runsOfSweep = readdirSync(sweep).filter((name) => name !== 'plan.json');

function outFolder(): string {
  return mkdtempSync(join(scratch, 'out-'));
}

/** Runs the command in this process, which is faster than the program and gives the same result. */
async function exporting(format: string, out: string, ...more: readonly string[]): Promise<Result> {
  const printed: Record<'out' | 'err', string[]> = { out: [], err: [] };
  let code: number | null = null;
  const plain = new Chalk({ level: 0 });
  const io: Io = {
    out: (line) => void printed.out.push(`${line}\n`),
    err: (line) => void printed.err.push(`${line}\n`),
    outColor: plain,
    errColor: plain,
    outWidth: null,
    terminal: null,
    ask: null,
    signal: new AbortController().signal,
    argv: [],
  };
  const command = new Command('export').exitOverride();
  configure(command, io, (action) => async (...given) => {
    code = await action(...given);
  });
  try {
    await command.parseAsync([...more, '--format', format, '--out', out], { from: 'user' });
  } catch (error) {
    printError(error, io);
    code = EXIT.usage;
  }
  return { code, out: printed.out.join(''), err: printed.err.join('') };
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

test('one run becomes the named file or folder, whose path is printed', async () => {
  const out = outFolder();
  for (const [format, names] of Object.entries(FILES)) {
    const target = join(out, `x.${format}`);
    assert.deepEqual(await exporting(format, target, run), { code: 0, out: `${target}\n`, err: '' });
    for (const name of names) assert.ok(existsSync(`${target}${name}`), name);
  }
  assert.equal((await exporting('csv', join(out, 'x.csv'), run)).code, 0);
  assert.equal(readdirSync(out).length, 4);
});

test('a sweep becomes one file or folder per run, and so does one run for TensorBoard', async () => {
  for (const [format, ending] of Object.entries({ npz: '.npz', onnx: '.onnx', tfjs: '' })) {
    const out = join(outFolder(), 'new');
    assert.equal((await exporting(format, out, sweep)).code, 0);
    assert.deepEqual(readdirSync(out), runsOfSweep.map((name) => `${name}${ending}`).sort());
  }
  const out = outFolder();
  assert.equal((await exporting('tensorboard', out, sweep)).code, 0);
  assert.equal((await exporting('tensorboard', out, run)).code, 0);
  assert.deepEqual(
    Object.keys(contents(out)).sort(),
    [...runsOfSweep, basename(run)].flatMap((name) => EVENTS.map((file) => `${name}/${file}`)).sort(),
  );
});

test('csv holds all runs of all sweeps in one table, in a file or on standard output', async () => {
  const other = await trainedSweep('other');
  const { code, out, err } = await exporting('csv', '-', sweep, run, other);
  assert.equal(code, 0, err);
  const path = join(outFolder(), 'table.csv');
  assert.equal((await exporting('csv', path, sweep, run, other)).code, 0);
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
  assert.equal((await exporting('npz', out, sweep, other, run)).code, 0);
  assert.deepEqual(readdirSync(out).sort(), [`${basename(run)}.npz`, 'other', 'pair'].sort());
  assert.deepEqual(readdirSync(join(out, 'other')), readdirSync(join(out, 'pair')));
});

test('the same run becomes the same bytes twice', async () => {
  for (const format of ['tensorboard', 'npz', 'tfjs', 'onnx', 'csv']) {
    const [a, b] = [outFolder(), outFolder()];
    for (const out of [a, b]) assert.equal((await exporting(format, join(out, 'x'), sweep)).code, 0);
    assert.deepEqual(contents(a), contents(b), format);
  }
});

test('an existing file is replaced only with --force, and a refused export changes nothing', async () => {
  const out = outFolder();
  const [first] = runsOfSweep;
  writeFileSync(join(out, `${first}.npz`), 'mine');
  assertRefused(await exporting('npz', out, sweep), new RegExp(`${first}\\.npz exists; nothing was written`));
  assert.deepEqual(contents(out), { [`${first}.npz`]: 'mine' });
  assert.equal((await exporting('npz', out, sweep, '--force')).code, 0);
  assert.equal(readdirSync(out).length, runsOfSweep.length);
  assert.notEqual(contents(out)[`${first}.npz`], 'mine');
});

test('an unfinished run has rows, which a note says, but no final weights', async () => {
  const out = outFolder();
  for (const format of ['csv', 'tensorboard']) {
    const { code, err } = await exporting(format, join(out, format), unfinished);
    assert.equal(code, 0);
    assert.match(err, /^note Includes 1 unfinished run\.$/m);
  }
  for (const format of ['npz', 'tfjs', 'onnx'])
    assertRefused(
      await exporting(format, join(out, format), unfinished),
      /has final weights\. Excluded .*: the run is interrupted/,
    );
  assert.deepEqual(readdirSync(out).sort(), ['csv', 'tensorboard']);
});

test('a diverged run has rows, with NaN spelled out, but no final weights', async () => {
  const diverged = await trained({ lr: 1e38 });
  const { code, out, err } = await exporting('csv', '-', diverged);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /,loss,NaN$/m);
  assert.equal((await exporting('tensorboard', outFolder(), diverged)).code, 0);
  assertRefused(await exporting('npz', join(outFolder(), 'x'), diverged), /the run is diverged/);
});

test('runs of a sweep without final weights are left out of models, with a note', async () => {
  const copy = join(outFolder(), 'pair');
  cpSync(sweep, copy, { recursive: true });
  const record = join(copy, runsOfSweep[0]!, 'run.json');
  writeFileSync(record, readFileSync(record, 'utf8').replace('"completed"', '"interrupted"'));
  const out = outFolder();
  const { code, err } = await exporting('onnx', out, copy);
  assert.equal(code, 0);
  assert.match(err, /note Excluded .*: the run is interrupted\./);
  assert.equal(readdirSync(out).length, runsOfSweep.length - 1);
});

test('a damaged checkpoint ends the export, and nothing is left', async () => {
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
    assertRefused(
      await exporting(format, join(out, 'a/b'), copy),
      /model\.safetensors: expected the SHA-256/,
    );
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
  assertRefused(
    await exporting('onnx', join(dirname(copy), 'm'), copy),
    /expected a checkpoint of .*, got one of/,
  );
});

test('weights that are not those of the summary are refused', async () => {
  const copy = join(outFolder(), basename(run));
  cpSync(run, copy, { recursive: true });
  replaceInSummary(/"weights_sha256": "[0-9a-f]{8}/, '"weights_sha256": "00000000')(copy);
  for (const format of ['npz', 'onnx', 'tfjs'])
    assertRefused(
      await exporting(format, join(dirname(copy), 'm'), copy),
      /last weights differs from the one in summary/,
    );
});

test('two runs that would be the same file are refused', async () => {
  const other = await trainedSweep();
  for (const format of ['npz', 'csv'])
    assertRefused(
      await exporting(format, join(outFolder(), 'x'), sweep, other),
      /pair.* and .*pair.* have the same name/,
    );
});

test('damaged rows do not keep the weights back', async () => {
  const copy = join(outFolder(), basename(run));
  cpSync(run, copy, { recursive: true });
  writeFileSync(join(copy, 'steps.csv'), 'nonsense\n');
  assert.equal((await exporting('onnx', join(dirname(copy), 'm.onnx'), copy)).code, 0);
  assertRefused(await exporting('csv', '-', copy), /has rows\. Excluded .*steps\.csv/);
});

test('wrong usage is one clear error', async () => {
  const out = outFolder();
  assertRefused(await exporting('onnx', '-', run), /--out -: expected a path for the format onnx/);
  assertRefused(
    wnlstm('export', run, '--format', 'hdf5', '--out', join(out, 'x')),
    /Allowed choices are tensorboard, csv, npz, tfjs, onnx/,
  );
  assertRefused(wnlstm('export', run, '--format', 'npz'), /required option '--out <path>' not specified/);
  assertRefused(
    wnlstm('export', run, '--out', join(out, 'x')),
    /required option '--format <name>' not specified/,
  );
  assertRefused(await exporting('npz', join(out, 'x'), join(out, 'nowhere')), /found no run/);
  assertRefused(await exporting('npz', out, run), /is a folder; nothing was written/);
  writeFileSync(join(out, 'file'), '');
  assertRefused(
    await exporting('npz', join(out, 'file'), sweep),
    /file is a file, not a folder; nothing was written/,
  );
  assertRefused(await exporting('tensorboard', dirname(run), run), /is in the folder of the run/);
});
