/** @file Trains tiny runs and damages them, for the tests of training, `verify` and `reproduce`. */

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseConfig } from '../config.js';
import { writeTinyDataset } from '../data/idx.testing.js';
import { toJson } from '../files.js';
import { verifyRun } from '../verify/verify.js';
import type { LoopEvent } from './events.js';
import { trainRun } from './run.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-verify-'));
after(() => rmSync(scratch, { recursive: true }));

/** A data set with four classes and 55 training examples. */
export const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 60, test: 20, classes: 4 });

/**
 * Trains a tiny run. Returns its folder.
 *
 * @param change changes of the config
 * @param stopAt returns whether to stop the run; called after every event
 * @param runsDirectory the folder for the run; an unfinished run of the same config in it is resumed
 */
export async function trainTiny(
  change: Record<string, unknown>,
  stopAt: (event: LoopEvent, directory: string) => boolean = () => false,
  runsDirectory = mkdtempSync(join(scratch, 'runs-')),
): Promise<string> {
  const tiny = {
    backend: 'wasm',
    device: 'cpu',
    data,
    units: 4,
    batch: 10,
    epochs: 3,
    logEvery: 3,
    threads: 1,
  };
  const config = parseConfig({ ...tiny, ...change }, 'test');
  const stop = new AbortController();
  let directory = '';
  const input = { config, target: null, runsDirectory, force: false, argv: [], signal: stop.signal };
  await trainRun(input, (event) => {
    if (event.kind === 'open') directory = event.opening.directory;
    else if (event.kind !== 'wait' && stopAt(event, directory)) stop.abort(130);
  });
  return directory;
}

/** A completed run of three epochs of five steps. */
export const intact = await trainTiny({});

/** Copies a run, so that the copy can be damaged. Returns the new folder. */
export function copy(of = intact): string {
  const directory = mkdtempSync(join(scratch, 'copy-'));
  cpSync(of, directory, { recursive: true });
  return directory;
}

/** Changes the text of a file, whose bytes are read as Latin-1. */
export function edit(path: string, change: (text: string) => string): void {
  const text = readFileSync(path, 'latin1');
  assert.notEqual(change(text), text, `nothing to change in ${path}`);
  writeFileSync(path, change(text), 'latin1');
}

/** A function that damages the files of a run. */
export type Damage = (run: string) => void;

/** Replaces the matches of a pattern in a file. */
export function replace(file: string, from: string | RegExp, to: string): Damage {
  return (run) => edit(join(run, file), (text) => text.replace(from, to));
}

/** Removes the SHA-256 of summary.json from run.json, as in a run of an earlier version. */
export const forgetSummaryHash: Damage = (run) =>
  edit(join(run, 'run.json'), (text) => {
    const { summary_sha256: _, ...record } = JSON.parse(text) as { summary_sha256: string };
    return toJson(record);
  });

/** Replaces the matches of a pattern in summary.json, and removes its recorded SHA-256. */
export function replaceInSummary(from: string | RegExp, to: string): Damage {
  return (run) => {
    forgetSummaryHash(run);
    replace('summary.json', from, to)(run);
  };
}

export function remove(file: string): Damage {
  return (run) => rmSync(join(run, file), { recursive: true });
}

/** The problems of a run: for each the place and the message. */
export function problemsOf(run: string): [string, string][] {
  return verifyRun(run).problems.map(({ file, line, message }) => [
    line === null ? file : `${file}:${line}`,
    message,
  ]);
}

/** Kinds of damage: for each a name, the place where it is found, the damage, and the expected message. */
export type Damages = readonly (readonly [string, string, Damage, RegExp])[];

/** Defines a test for each kind of damage: it is found, and reported as exactly one problem. */
export function testDamages(damages: Damages): void {
  for (const [name, place, damage, message] of damages) {
    test(`${name} is found (${place})`, () => {
      const run = copy();
      damage(run);
      const found = problemsOf(run);
      assert.equal(found.length, 1, JSON.stringify(found));
      assert.equal(found[0]![0], place);
      assert.match(found[0]![1], message);
    });
  }
}
