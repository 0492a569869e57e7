/**
 * @file A sample of the attacks of scripts/attack/: processes are killed around file operations, operations fail, sweeps are
 * killed, processes race for a run, files are damaged. docs/guarantees.md describes the guarantees.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../package.js';
import { bin, environment } from './cli.testing.js';

interface Row {
  readonly count: number;
  readonly problems: readonly { readonly title: string; readonly problems: readonly string[] }[];
}

interface Attacks {
  attack(
    scratch: string,
    options: {
      readonly seed: number;
      readonly parts: readonly string[];
      readonly lanes: number;
      readonly milliseconds: number;
      readonly sample: Readonly<Record<string, number>>;
    },
  ): Promise<ReadonlyMap<string, Row>>;
}

interface Faults {
  cannotInject(): string | false;
  buildFault(folder: string): string;
  faultEnvironment(library: string, fault: object): Record<string, string>;
  parseLog(text: string): { readonly name: string; readonly path: string }[];
}

async function load(name: string): Promise<unknown> {
  return import(pathToFileURL(join(packageRoot, 'scripts/attack', name)).href);
}

const { attack } = (await load('attacks.mjs')) as Attacks;
const { cannotInject, buildFault, faultEnvironment, parseLog } = (await load('fault.mjs')) as Faults;
const skip = cannotInject();

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-attack-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** The number of cases of each part. The first cases cover every kind of operation. */
const SAMPLE = { kill: 40, error: 60, sweep: 1, race: 10, damage: 60 };

/** A time limit for slow machines. On two idle cores the sample takes less than a minute. */
const LONGEST_MS = 180_000;

const TITLES: Readonly<Record<keyof typeof SAMPLE, string>> = {
  kill: 'a run that is killed or stopped at a file operation is readable, and the same command finishes it with the same bytes',
  error:
    'a run with a failed file operation reports it and is readable, and the same command finishes it with the same bytes',
  sweep: 'a sweep with killed or stopped processes is finished by the same command, with the same bytes',
  race: 'exactly one of several processes that start the same run trains it, and an owner that lost its lock starts no further write',
  damage: 'a run with a damaged file is reported, resumed or refused, and does not hide other runs',
};

for (const [part, title] of Object.entries(TITLES)) {
  test(title, { skip }, async () => {
    const folder = mkdtempSync(join(scratch, `${part}-`));
    const options = { seed: 20261127, parts: [part], lanes: 2, milliseconds: LONGEST_MS, sample: SAMPLE };
    const rows = await attack(folder, options);
    const found = [...rows.values()].flatMap(({ problems }) => problems);
    const texts = found.map(({ title: what, problems }) => `${what}\n  ${problems.join('\n  ')}`);
    assert.deepEqual(texts, []);
    assert.ok(
      [...rows.values()].some(({ count }) => count > 0),
      'nothing was attacked',
    );
  });
}

test('the faults cover every kind of operation of a run', { skip }, () => {
  const folder = mkdtempSync(join(scratch, 'log-'));
  const log = join(folder, 'operations');
  const runs = join(folder, 'runs');
  const fault = faultEnvironment(buildFault(folder), { path: runs, how: 'count', log });
  const argv = [
    bin,
    'train',
    '--config',
    join(packageRoot, 'configs/smoke.json'),
    '--steps',
    '2',
    '--runs',
    runs,
    '--quiet',
  ];
  const { status, stderr } = spawnSync(process.execPath, argv, {
    encoding: 'utf8',
    env: { ...environment, ...fault },
  });
  assert.equal(status, 0, stderr);
  const met = new Set(parseLog(readFileSync(log, 'utf8')).map(({ name }) => name));
  // Node 24 removes files through a C++ library that is linked into it, where nothing can come between.
  const removals = Number(process.versions.node.split('.')[0]) < 24 ? ['unlink'] : [];
  for (const name of ['mkdir', 'open', 'write', 'fsync', 'fsync-folder', 'rename', ...removals])
    assert.ok(met.has(name), `${name} is not among ${[...met]}`);
});
