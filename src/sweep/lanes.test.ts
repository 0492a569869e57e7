/** @file Laws of lanes: runs side by side in one child process, with wasm in the place of a GPU. */

import assert from 'node:assert/strict';
import {
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
import { readDataset } from '../data/mnist.js';
import { timeColumns } from '../runs/metrics.js';
import { combineExecutors } from './combined.js';
import { decided } from './decided.testing.js';
import type { Executor, JobEnd } from './executor.js';
import { parseSweep } from './grid.js';
import { createInProcessExecutor } from './job.js';
import { createLaneExecutor } from './lanes.js';
import { createLocalExecutor } from './local.js';
import { freeze, type PlannedRun, plannedRuns } from './plan.js';
import { runSweep } from './scheduler.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-lanes-'));
after(() => rmSync(scratch, { recursive: true }));
const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 240, test: 60, classes: 4 });
const { checksums } = readDataset(data);
const ON = { backend: 'wasm', device: 'cpu' } as const;

/** The runs of three arms, of which one diverges at its first step. */
function runsOf(epochs: number): PlannedRun[] {
  const base = { ...ON, data, units: 7, batch: 4, lr: 0.02, epochs, logEvery: 5 };
  const arms = { base: { model: 'base' }, wn: { model: 'wn' }, wild: { optimizer: 'sgd', lr: 1e38 } };
  return plannedRuns(
    freeze(decided(parseSweep({ name: 'x', base, arms, seeds: 2 }, 'x.json')), checksums, ''),
  );
}

const short = runsOf(3);
const long = runsOf(40).filter(({ arm }) => arm !== 'wild');

interface Setting {
  readonly runs: readonly PlannedRun[];
  readonly folder?: string;
  readonly signal?: AbortSignal;
  readonly onStep?: (run: PlannedRun, step: number) => void;
}

/** Runs a sweep. Returns its folder and the end of each run by its arm and seed. */
async function compute(executor: Executor, { runs, folder, signal, onStep }: Setting) {
  const directory = folder ?? mkdtempSync(join(scratch, 'sweep-'));
  const options = { failFast: false, signal: signal ?? new AbortController().signal };
  try {
    const ends = await runSweep(runs, directory, executor, options, (event) => {
      if (event.kind === 'step') onStep?.(event.run, event.step);
    });
    return { directory, ends: new Map([...ends].map(([{ arm, seed }, end]) => [`${arm} ${seed}`, end])) };
  } finally {
    executor.dispose();
  }
}

/** What must not depend on where a run was computed: its CSV files without times, its last weights, its config. */
function resultsOf(directory: string, runs: readonly PlannedRun[]): unknown[] {
  return runs.map(({ id }) => {
    const read = (file: string): string => readFileSync(join(directory, id, file), 'utf8');
    const rows = ['steps.csv', 'metrics.csv'].map((file) => {
      const lines = read(file)
        .split('\n')
        .map((line) => line.split(','));
      const kept = lines[0]!.flatMap((name, at) => (timeColumns.includes(name) ? [] : [at]));
      return lines.map((cells) => kept.map((at) => cells[at]));
    });
    const { weights_sha256, status } = JSON.parse(read('summary.json'));
    const checkpoints = readdirSync(join(directory, id, 'checkpoints')).sort();
    const weights = checkpoints.map((name) =>
      readFileSync(join(directory, id, 'checkpoints', name, 'model.safetensors'), 'base64'),
    );
    return {
      id,
      status,
      weights_sha256,
      rows,
      checkpoints,
      weights,
      config: JSON.parse(read('config.json')),
    };
  });
}

function recordOf(
  directory: string,
  { id }: PlannedRun,
): { status: string; backend: string; device: string } {
  return JSON.parse(readFileSync(join(directory, id, 'run.json'), 'utf8'));
}

function logOf(directory: string, { id }: PlannedRun): string {
  return readFileSync(join(directory, id, 'log.txt'), 'utf8');
}

/** The processes that own a run at this moment. */
function owners(directory: string, runs: readonly PlannedRun[]): Set<number> {
  const locks = runs.map(({ id }) => join(directory, id, 'lock')).filter((path) => existsSync(path));
  return new Set(locks.map((path) => (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid));
}

function kinds(ends: ReadonlyMap<string, JobEnd>): Record<string, string> {
  return Object.fromEntries([...ends].sort().map(([name, { kind }]) => [name, kind]));
}

const alone = (await compute(createInProcessExecutor(1), { runs: short })).directory;
const longAlone = (await compute(createInProcessExecutor(1), { runs: long })).directory;

test('processes and lanes together give the bytes of one run after the other in one process', async () => {
  const executor = combineExecutors([createLaneExecutor(3, ON), createLocalExecutor(1, 1, [])]);
  const { directory, ends } = await compute(executor, { runs: short });
  assert.deepEqual(new Set(Object.values(kinds(ends))), new Set(['completed', 'diverged']));
  assert.deepEqual(resultsOf(directory, short), resultsOf(alone, short));
  for (const run of short) assert.equal(recordOf(directory, run).backend, 'wasm');
});

test('lanes share one process, and their runs are computed at the same time', async () => {
  const directory = mkdtempSync(join(scratch, 'sweep-'));
  let most = 0;
  const pids = new Set<number>();
  await compute(createLaneExecutor(4, ON), {
    runs: long,
    folder: directory,
    onStep: () => {
      for (const pid of owners(directory, long)) pids.add(pid);
      most = Math.max(most, long.filter(({ id }) => existsSync(join(directory, id, 'lock'))).length);
    },
  });
  assert.deepEqual([pids.size, most], [1, 4]);
  assert.deepEqual(resultsOf(directory, long), resultsOf(longAlone, long));
});

test('a lane that diverges or fails does not change another lane', async () => {
  const directory = mkdtempSync(join(scratch, 'sweep-'));
  const failing = short.find(({ arm, seed }) => arm === 'base' && seed === 0)!;
  writeFileSync(join(directory, failing.id), 'a file in the place of the folder');
  const broken = short.find(({ arm, seed }) => arm === 'base' && seed === 1)!;
  mkdirSync(join(directory, broken.id, 'steps.csv'), { recursive: true });
  const { ends } = await compute(createLaneExecutor(6, ON), { runs: short, folder: directory });
  assert.deepEqual(kinds(ends), {
    'base 0': 'failed',
    'base 1': 'failed',
    'wild 0': 'diverged',
    'wild 1': 'diverged',
    'wn 0': 'completed',
    'wn 1': 'completed',
  });
  const others = short.filter((run) => run !== failing && run !== broken);
  assert.deepEqual(resultsOf(directory, others), resultsOf(alone, others));
});

test('the runs of a lane process that was killed resume, and end with the same bytes', async () => {
  const directory = mkdtempSync(join(scratch, 'sweep-'));
  let killed = false;
  const { ends } = await compute(createLaneExecutor(4, ON), {
    runs: long,
    folder: directory,
    onStep: (_, step) => {
      const [pid] = owners(directory, long);
      if (killed || pid === undefined || step < 100) return;
      killed = true;
      process.kill(pid, 'SIGKILL');
    },
  });
  assert.ok(killed);
  assert.deepEqual(new Set(Object.values(kinds(ends))), new Set(['completed']));
  assert.deepEqual(resultsOf(directory, long), resultsOf(longAlone, long));
  const logs = long.map((run) => logOf(directory, run));
  assert.ok(logs.every((log) => log.includes('its process was killed by SIGKILL')));
  assert.ok(logs.some((log) => /started on wasm.*, from step \d+\n/.test(log)));
});

test('a run whose process is killed twice fails, and the others do not', async () => {
  const directory = mkdtempSync(join(scratch, 'sweep-'));
  const culprit = long[0]!;
  const { ends } = await compute(createLaneExecutor(4, ON), {
    runs: long,
    folder: directory,
    onStep: (run) => {
      if (run !== culprit) return;
      for (const pid of owners(directory, [culprit])) process.kill(pid, 'SIGKILL');
    },
  });
  const failed = [...ends.values()].filter(({ kind }) => kind === 'failed');
  assert.deepEqual(failed, [{ kind: 'failed', reason: 'its process was killed by SIGKILL' }]);
  assert.equal(ends.get(`${culprit.arm} ${culprit.seed}`), failed[0]);
  const others = long.slice(1);
  assert.deepEqual(resultsOf(directory, others), resultsOf(longAlone, others));
});

test('if the backend of the lanes fails, runs that may continue on the CPU do, and are noted once', async () => {
  const known = process.env.WNLSTM_LIBCUDA;
  process.env.WNLSTM_LIBCUDA = join(scratch, 'missing.so');
  const notes: string[] = [];
  const executor = createLaneExecutor(
    3,
    { backend: 'cuda', device: 'auto' },
    { mayContinue: ({ arm }) => arm !== 'base', onNote: (note) => notes.push(note) },
  );
  const { directory, ends } = await compute(executor, { runs: short });
  if (known === undefined) delete process.env.WNLSTM_LIBCUDA;
  else process.env.WNLSTM_LIBCUDA = known;
  const [failed, others] = [true, false].map((isBase) =>
    short.filter(({ arm }) => (arm === 'base') === isBase),
  );
  for (const { arm, seed } of failed!) assert.equal(ends.get(`${arm} ${seed}`)?.kind, 'failed');
  assert.deepEqual(resultsOf(directory, others!), resultsOf(alone, others!));
  assert.equal(notes.length, 1);
  assert.match(
    notes[0]!,
    /^Runs of the GPU continue on the CPU, with the same results: Could not load NVIDIA/,
  );
});

test('a signal stops all lanes with a checkpoint, and the next sweep ends with the same bytes', async () => {
  const stop = new AbortController();
  const begun = new Set<PlannedRun>();
  const { directory, ends } = await compute(createLaneExecutor(4, ON), {
    runs: long,
    signal: stop.signal,
    onStep: (run, step) => {
      if (step > 20) begun.add(run);
      if (begun.size === 4) stop.abort();
    },
  });
  assert.deepEqual(new Set(Object.values(kinds(ends))), new Set(['interrupted']));
  for (const run of long) {
    assert.equal(recordOf(directory, run).status, 'interrupted');
    assert.ok(!existsSync(join(directory, run.id, 'lock')));
    assert.notEqual(readdirSync(join(directory, run.id, 'checkpoints')).length, 0);
  }
  await compute(createLaneExecutor(2, ON), { runs: long, folder: directory });
  assert.deepEqual(resultsOf(directory, long), resultsOf(longAlone, long));
});

test('a lane process whose parent was killed writes the checkpoints of all lanes and ends', async () => {
  const directory = mkdtempSync(join(scratch, 'sweep-'));
  const script = join(scratch, 'parent.mjs');
  const from = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  writeFileSync(
    script,
    `import { createLaneExecutor } from ${from('./lanes.js')};
import { runSweep } from ${from('./scheduler.js')};
const executor = createLaneExecutor(4, ${JSON.stringify(ON)});
const options = { failFast: false, signal: new AbortController().signal };
const runs = ${JSON.stringify(long)};
await runSweep(runs, ${JSON.stringify(directory)}, executor, options, ({ kind, step }) => {
  if (kind === 'step' && step > 40) process.kill(process.pid, 'SIGKILL');
});`,
  );
  const { spawnSync } = await import('node:child_process');
  assert.equal(spawnSync(process.execPath, [script]).signal, 'SIGKILL');
  const isAtWork = (): boolean => owners(directory, long).size > 0;
  for (let waited = 0; isAtWork() && waited < 20_000; waited += 20) await sleep(20);
  for (const run of long) assert.equal(recordOf(directory, run).status, 'interrupted');
});
