/** @file `wnlstm sweep` as a process, on a small data set. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeTinyDataset } from '../data/idx.testing.js';
import { packageRoot } from '../package.js';
import { timeColumns } from '../runs/metrics.js';

const bin = join(packageRoot, 'bin/wnlstm.js');
const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-sweep-'));
after(() => rmSync(scratch, { recursive: true }));
writeTinyDataset(join(scratch, 'data'), { size: 8, train: 240, test: 60, classes: 4 });
const environment = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '' };

/** Writes a sweep file with 13 steps per epoch. */
function sweepFile(
  name: string,
  change: Record<string, unknown> = {},
  base: Record<string, unknown> = {},
): string {
  const path = join(scratch, `${name}.json`);
  writeFileSync(
    path,
    JSON.stringify({
      name,
      base: { backend: 'wasm', data: 'data', units: 7, batch: 16, lr: 0.02, epochs: 2, logEvery: 2, ...base },
      arms: { base: { model: 'base' }, wn: { model: 'wn' } },
      seeds: 2,
      ...change,
    }),
  );
  return path;
}

/** Config keys for many steps and few checkpoints: 220 steps per epoch. */
function long(epochs: number): Record<string, unknown> {
  return { batch: 1, epochs, logEvery: 100 };
}

function sweep(file: string, runs: string, ...more: string[]) {
  return spawnSync(process.execPath, [bin, 'sweep', file, '--runs', join(scratch, runs), ...more], {
    encoding: 'utf8',
    env: environment,
  });
}

function start(file: string, runs: string): ChildProcess {
  return spawn(
    process.execPath,
    [bin, 'sweep', file, '--runs', join(scratch, runs), '--jobs', '2', '--quiet'],
    {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on('exit', (code) => resolve(code)));
}

/** The names of the folders of the runs. */
function runsIn(folder: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder).filter((name) => existsSync(join(folder, name, 'run.json')))
    : [];
}

/** The CSVs of a sweep without their time columns. */
function resultsOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    runsIn(folder).flatMap((run) =>
      ['metrics.csv', 'steps.csv'].map((file) => {
        const lines = readFileSync(join(folder, run, file), 'utf8')
          .split('\n')
          .map((line) => line.split(','));
        const kept = lines[0]!.flatMap((name, at) => (timeColumns.includes(name) ? [] : [at]));
        return [`${run}/${file}`, lines.map((cells) => kept.map((at) => cells[at]).join(',')).join('\n')];
      }),
    ),
  );
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    assert.ok(waited < 20_000, 'waited too long');
    await sleep(10);
  }
}

test('a sweep trains all its runs, and the same command again trains none', () => {
  const file = sweepFile('all');
  const first = sweep(file, 'all', '--json');
  assert.equal(first.status, 0, first.stderr);
  assert.deepEqual(JSON.parse(first.stdout), {
    name: 'all',
    dir: join(scratch, 'all/all'),
    runs: 4,
    completed: 4,
    diverged: 0,
    failed: 0,
    left: 0,
  });
  assert.equal(first.stderr.match(/completed {2}val acc/g)?.length, 4);
  const folder = join(scratch, 'all/all');
  const [run] = runsIn(folder);
  assert.match(
    readFileSync(join(folder, run!, 'log.txt'), 'utf8'),
    /started on wasm[\s\S]*epoch 2[\s\S]*completed/,
  );
  const again = sweep(file, 'all');
  assert.equal(again.status, 0);
  assert.match(again.stderr, /4 of them finished/);
  assert.doesNotMatch(again.stderr, /val acc/);
});

test('--add-seeds trains only the new seeds, and the file still matches its plan', () => {
  const file = sweepFile('more', { seeds: 1 });
  assert.equal(sweep(file, 'more').status, 0);
  const more = sweep(file, 'more', '--add-seeds', '1');
  assert.equal(more.stderr.match(/completed/g)?.length, 2);
  assert.match(more.stdout, /4 runs finished/);
  assert.equal(sweep(file, 'more').status, 0);
});

test('--dry-run writes nothing and estimates the time', () => {
  const { status, stdout } = sweep(sweepFile('dry'), 'dry', '--dry-run');
  assert.equal(status, 0);
  assert.match(stdout, /^base +2 +2 {2}model=base/m);
  assert.match(stdout, /comparison: wn with base/);
  assert.match(stdout, /4 runs to train, about \d/);
  assert.ok(!existsSync(join(scratch, 'dry')));
});

test('a failed run is listed with its log, and the next call trains it again', () => {
  const file = sweepFile('failing');
  const folder = join(scratch, 'failing/failing');
  sweep(file, 'failing');
  const [run] = runsIn(folder);
  const config = join(folder, run!, 'run.json');
  const record = JSON.parse(readFileSync(config, 'utf8'));
  writeFileSync(config, JSON.stringify({ ...record, status: 'interrupted', fingerprint: 'another' }));
  const failed = sweep(file, 'failing');
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /failed {2}\S+ seed \d: .*expected the fingerprint/);
  assert.match(failed.stderr, /log\.txt/);
  assert.match(
    failed.stderr,
    /1 of 4 runs has no result yet\.\nTo resume, run `.*sweep .*failing\.json --runs /,
  );
  writeFileSync(config, JSON.stringify({ ...record, status: 'failed' }));
  assert.equal(sweep(file, 'failing').status, 0);
});

test('divergence is a result', () => {
  const file = sweepFile('wild', { seeds: 1, arms: { wn: {} } }, { optimizer: 'sgd', lr: 1e38 });
  const { status, stdout } = sweep(file, 'wild');
  assert.equal(status, 0);
  assert.match(stdout, /1 run finished, 1 diverged/);
});

test('the folder of the data is that of the sweep file, also if the data was moved', () => {
  const file = sweepFile('moved');
  sweep(file, 'moved', '--quiet');
  const folder = join(scratch, 'elsewhere');
  mkdirSync(folder);
  cpSync(join(scratch, 'moved'), join(folder, 'moved'), { recursive: true });
  cpSync(join(scratch, 'data'), join(folder, 'data'), { recursive: true });
  cpSync(file, join(folder, 'moved.json'));
  const more = sweep(join(folder, 'moved.json'), 'elsewhere/moved', '--add-seeds', '1', '--quiet');
  assert.equal(more.status, 0, more.stderr);
  const plan = JSON.parse(readFileSync(join(folder, 'moved/moved/plan.json'), 'utf8'));
  assert.equal(plan.arms[0].config.data, join(folder, 'data'));
});

test('a file in the place of a run fails only that run', () => {
  const file = sweepFile('blocked');
  const planned = JSON.parse(sweep(file, 'blocked', '--dry-run', '--json').stdout);
  assert.equal(planned.left, 4);
  sweep(file, 'blocked-twin', '--quiet');
  const [run] = runsIn(join(scratch, 'blocked-twin/blocked'));
  mkdirSync(join(scratch, 'blocked/blocked'), { recursive: true });
  writeFileSync(join(scratch, 'blocked/blocked', run!), 'a file');
  const { status, stderr } = sweep(file, 'blocked');
  assert.equal(status, 1);
  assert.match(stderr, /a file with that name exists|a part of the path is a file/);
  assert.equal(runsIn(join(scratch, 'blocked/blocked')).length, 3);
  assert.ok(!existsSync(join(scratch, 'blocked/blocked/lock')));
});

test('a plan with too few seeds for a significant result is reported before training', () => {
  assert.match(
    sweep(sweepFile('few'), 'few', '--dry-run').stderr,
    /2 seeds are too few: with 1 comparison, p < 0\.05 needs at least 6/,
  );
});

test('a different sweep of the same name is refused, and so is an edited plan', () => {
  sweep(sweepFile('frozen'), 'frozen');
  const changed = sweep(sweepFile('frozen', {}, { lr: 0.03 }), 'frozen');
  assert.equal(changed.status, 2);
  assert.match(changed.stderr, /another config or other data for base/);
  const plan = join(scratch, 'frozen/frozen/plan.json');
  writeFileSync(plan, readFileSync(plan, 'utf8').replace('0.005', '0.5'));
  const edited = sweep(sweepFile('frozen'), 'frozen');
  assert.equal(edited.status, 2);
  assert.match(edited.stderr, /the plan was changed/);
});

test('a sweep of very many runs needs confirmation', () => {
  const { status, stderr } = sweep(sweepFile('huge', { seeds: 600 }), 'huge');
  assert.equal(status, 2);
  assert.match(stderr, /1,200 runs need confirmation \(limit 1,000\); nothing was started\.[\s\S]*--yes/);
  assert.ok(!existsSync(join(scratch, 'huge')));
});

test('a sweep that was killed and started again ends with the same numbers', async () => {
  const file = sweepFile('killed', {}, long(14));
  sweep(file, 'calm', '--quiet');
  const calm = resultsOf(join(scratch, 'calm/killed'));
  const folder = join(scratch, 'killed/killed');
  for (const runs of [1, 3]) {
    const child = start(file, 'killed');
    await until(() => runsIn(folder).length >= runs);
    await sleep(60);
    child.kill('SIGKILL');
    await ended(child);
  }
  assert.equal(sweep(file, 'killed', '--quiet').status, 0);
  assert.deepEqual(resultsOf(folder), calm);
  const logs = runsIn(folder).map((run) => readFileSync(join(folder, run, 'log.txt'), 'utf8'));
  assert.ok(logs.filter((log) => log.split('started on').length > 2).length >= 2, 'runs were interrupted');
});

test('Ctrl-C stops all child processes and exits with code 75', async () => {
  const file = sweepFile('stopped', {}, long(10_000));
  const folder = join(scratch, 'stopped/stopped');
  const child = start(file, 'stopped');
  await until(() => runsIn(folder).length === 2);
  await sleep(100);
  const code = ended(child);
  child.kill('SIGINT');
  assert.equal(await code, 75);
  for (const run of runsIn(folder)) {
    assert.equal(JSON.parse(readFileSync(join(folder, run, 'run.json'), 'utf8')).status, 'interrupted');
    assert.ok(!existsSync(join(folder, run, 'lock')));
  }
  assert.ok(!existsSync(join(folder, 'lock')));
});

test('a killed child process fails only its run, and a second process on the same sweep is refused', async () => {
  const file = sweepFile('shot', {}, long(30));
  const folder = join(scratch, 'shot/shot');
  const child = start(file, 'shot');
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  const atWork = (): string | undefined =>
    runsIn(folder).find((run) => existsSync(join(folder, run, 'lock')));
  await until(() => atWork() !== undefined);
  const second = sweep(file, 'shot');
  assert.equal(second.status, 2);
  assert.match(second.stderr, new RegExp(`process ${child.pid} on`));
  await until(() => atWork() !== undefined); // on one core, the run from before may have ended meanwhile
  const victim = atWork();
  const { pid } = JSON.parse(readFileSync(join(folder, String(victim), 'lock'), 'utf8'));
  const code = ended(child);
  process.kill(pid, 'SIGKILL');
  assert.equal(await code, 1);
  assert.match(said, /its process was killed by SIGKILL/);
  const statuses = runsIn(folder).map(
    (run) => JSON.parse(readFileSync(join(folder, run, 'run.json'), 'utf8')).status,
  );
  assert.equal(statuses.filter((status) => status === 'completed').length, 3);
  assert.equal(sweep(file, 'shot', '--quiet').status, 0);
});

test('a sweep with a damaged plan keeps its runs, and without the plan the same command trains nothing', () => {
  const file = sweepFile('replanned');
  assert.equal(sweep(file, 'replanned').status, 0);
  const folder = join(scratch, 'replanned/replanned');
  const plan = join(folder, 'plan.json');
  const ids = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'run.json')));
  const records = (): string[] => ids.map((id) => readFileSync(join(folder, id, 'run.json'), 'utf8'));
  const before = records();
  rmSync(join(folder, ids[0]!, 'config.json'));
  for (const content of ['', 'null', '{}', '{"format": 2']) {
    writeFileSync(plan, content);
    const refused = sweep(file, 'replanned');
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /plan\.json: expected .*\n.*move it away and run the sweep again/);
  }
  rmSync(plan);
  const again = sweep(file, 'replanned');
  assert.equal(again.status, 0, again.stderr);
  assert.deepEqual(records(), before);
  assert.ok(existsSync(join(folder, ids[0]!, 'config.json')), 'a missing config is written again');
});
