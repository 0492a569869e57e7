/** @file Sweeps on a real slurmctld and slurmd: whatever is killed, preempted or requeued, the results keep their bytes. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { environment, resultsOf, runsIn, scratch, sweep, sweepFile } from '../commands/sweep.testing.js';
import { packageRoot } from '../package.js';
import { type Cluster, noCluster, startCluster, untilTrue } from './cluster.testing.js';
import { readJobs } from './jobs.js';

const skip = noCluster();
let cluster: Cluster;

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

before(async () => {
  if (skip) return;
  cluster = await startCluster();
  sweep(LONG, 'local-long', '--jobs', '2');
});
after(() => (skip ? undefined : cluster.stop()));

/** Two runs of some seconds each. */
const LONG = sweepFile('long', { seeds: 1 }, { batch: 1, steps: 30_000, logEvery: 100 });

/** Runs `wnlstm sweep --launcher slurm`. */
function submit(file: string, runs: string, ...more: string[]): Promise<Ended> {
  return program(packageRoot, [file, '--launcher', 'slurm', '--runs', join(scratch, runs), ...more]);
}

/** Runs `wnlstm sweep` of a package. `onErr` receives everything that it has written to standard error so far. */
function program(
  root: string,
  args: readonly string[],
  onErr: (text: string) => void = () => {},
): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, 'bin/wnlstm.js'), 'sweep', ...args], {
    env: { ...environment, ...cluster.env, NO_COLOR: '1', FORCE_COLOR: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
    onErr(stderr);
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, stdout, stderr })));
}

/** Submits the two long runs as one task each, and waits until the first trains. Returns the id of the job. */
async function startLong(runs: string, ...more: string[]): Promise<string> {
  const { status, stderr } = await submit(LONG, runs, '--runs-per-task', '1', ...more);
  assert.equal(status, 0, stderr);
  await untilTraining(runs);
  return readJobs(join(scratch, runs, 'long')).at(-1)!.id;
}

function untilTraining(runs: string): Promise<void> {
  const folder = join(scratch, runs, 'long');
  return untilTrue(
    () => runsIn(folder).some((run) => existsSync(join(folder, run, 'steps.csv')) && rowsOf(folder, run) > 5),
    'a run trains',
  );
}

function rowsOf(folder: string, run: string): number {
  return readFileSync(join(folder, run, 'steps.csv'), 'utf8').split('\n').length;
}

function logs(runs: string, name: string): string {
  const folder = join(scratch, runs, name, 'slurm');
  const files = readdirSync(folder).filter((file) => file.endsWith('.log'));
  return files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
}

/** Waits for the end with `--wait`, and checks that the results are those of the local sweep. */
async function endsAsLocal(runs: string): Promise<void> {
  const { status, stdout, stderr } = await submit(LONG, runs, '--wait');
  assert.equal(status, 0, `${stderr}\n${logs(runs, 'long')}`);
  assert.match(stdout, /2 runs finished/);
  assert.deepEqual(resultsOf(join(scratch, runs, 'long')), resultsOf(join(scratch, 'local-long/long')));
}

test('a job array gives the bytes of a local sweep, and the same command again submits nothing', {
  skip,
}, async () => {
  const file = sweepFile('tiny', { seeds: 6 }, { units: 4, batch: 8, steps: 20 });
  sweep(file, 'local');
  const runs = `it's "100%" here`; // the batch script quotes paths
  const first = await submit(file, runs, '--runs-per-task', '3', '--max-parallel', '2', '--wait');
  assert.equal(first.status, 0, `${first.stderr}\n${logs(runs, 'tiny')}`);
  assert.match(first.stdout, /^Submitted job \d+: 4 tasks, 12 runs$/m);
  assert.match(first.stdout, /12 runs finished/);
  const folder = join(scratch, runs, 'tiny');
  assert.equal(runsIn(folder).length, 12);
  assert.deepEqual(resultsOf(folder), resultsOf(join(scratch, 'local/tiny')));
  const again = await submit(file, runs);
  assert.deepEqual([again.status, readJobs(folder).length], [0, 1]);
  assert.match(again.stdout, /12 runs finished/);
});

test('a task that is told to stop goes back to the queue, and its run keeps its bytes', {
  skip,
}, async () => {
  const job = await startLong('stopped', '--cpus', '2');
  cluster.run('scancel', '--batch', '--signal=USR1', `${job}_0`);
  await endsAsLocal('stopped');
  assert.match(
    logs('stopped', 'long'),
    /_0 was told to stop; it goes back to the queue[\s\S]*_0 starts on \S+, after 1 restarts/,
  );
});

test('a node that goes down and comes back up costs no result', { skip }, async () => {
  await startLong('down');
  cluster.run('scontrol', 'update', `nodename=${cluster.node}`, 'state=down', 'reason=test');
  await untilTrue(() => !cluster.run('squeue', '-h', '-o', '%T').includes('RUNNING'), 'no task runs');
  cluster.run('scontrol', 'update', `nodename=${cluster.node}`, 'state=resume');
  await endsAsLocal('down');
  assert.match(logs('down', 'long'), /after 1 restarts/);
});

test('a preempted task goes back to the queue, and its run keeps its bytes', { skip }, async () => {
  await startLong('preempted', '--cpus', '2');
  cluster.run('sbatch', '--partition=high', '--cpus-per-task=2', '--output=/dev/null', '--wrap=sleep 1');
  await endsAsLocal('preempted');
  assert.match(logs('preempted', 'long'), /DUE TO PREEMPTION[\s\S]*after 1 restarts/);
});

test('after a task was cancelled, the same command submits its runs and no others', { skip }, async () => {
  const job = await startLong('cancelled');
  cluster.run('scancel', `${job}_1`);
  await untilTrue(
    () => !cluster.run('squeue', '-h', '-r', '-o', '%i').includes(`${job}_1`),
    'the task has left',
  );
  const again = await submit(LONG, 'cancelled', '--runs-per-task', '1');
  assert.match(again.stdout, /Submitted job \d+: 1 task, 1 run\n1 run in the queue already/);
  await endsAsLocal('cancelled');
  const [first, second, ...others] = readJobs(join(scratch, 'cancelled/long'));
  assert.deepEqual([second?.tasks, others], [[first!.tasks[1]], []]);
});

test('two submissions at the same time submit each run once, and --cancel cancels only the jobs of the sweep', {
  skip,
}, async () => {
  const file = sweepFile('twice', { seeds: 2 });
  const other = cluster.run(
    'sbatch',
    '--parsable',
    '--hold',
    '--job-name=wnlstm-twice',
    '--output=/dev/null',
    '--wrap=true',
  );
  const both = await Promise.all([0, 1].map(() => submit(file, 'twice', '--sbatch', '--hold')));
  assert.deepEqual(
    both.map(({ status }) => status),
    [0, 0],
    both.map(({ stderr }) => stderr).join('\n'),
  );
  const submitted = readJobs(join(scratch, 'twice/twice')).flatMap(({ tasks }) => tasks.flat());
  assert.equal(submitted.length, 4);
  assert.equal(new Set(submitted).size, 4);
  const cancelled = await program(packageRoot, [file, '--runs', join(scratch, 'twice'), '--cancel']);
  assert.match(cancelled.stdout, /^Cancelled 1 job of twice: \d+$/m);
  assert.equal(cluster.run('squeue', '-h', '-o', '%i'), other);
  cluster.run('scancel', other.trim());
});

test('a task whose node lacks the package fails with a reason to act on', { skip }, async () => {
  const copy = join(scratch, 'package');
  for (const name of ['bin', 'dist', 'package.json', 'configs', 'docs', 'src/engines/fused'])
    cpSync(join(packageRoot, name), join(copy, name), { recursive: true });
  symlinkSync(join(packageRoot, 'node_modules'), join(copy, 'node_modules'));
  const file = sweepFile('lacking', { seeds: 1 });
  const args = [file, '--launcher', 'slurm', '--runs', join(scratch, 'lacking')];
  const submitted = await program(copy, [...args, '--sbatch', '--hold']);
  assert.equal(submitted.status, 0, submitted.stderr);
  rmSync(copy, { recursive: true });
  const { id } = readJobs(join(scratch, 'lacking/lacking')).at(-1)!;
  let isReleased = false;
  const { status, stderr } = await program(packageRoot, [...args, '--wait'], (text) => {
    if (isReleased || !text.includes('0 tasks to submit')) return;
    isReleased = true;
    cluster.run('scontrol', 'release', id);
  });
  assert.equal(status, 1, stderr);
  assert.match(
    stderr,
    /failed {2}wn seed 0: \S+ has no \S+wnlstm\.js\. Install wnlstm in a folder that all nodes share/,
  );
  // The next submission works and names the reason.
  const again = await submit(file, 'lacking', '--wait');
  assert.match(
    again.stderr,
    /2 runs had left the queue without a result, and were submitted again: \S+ has no /,
  );
  assert.equal(again.status, 0, again.stderr);
});

test('a job that Slurm refuses is one clear sentence', { skip }, async () => {
  const refused = await submit(sweepFile('refused'), 'refused', '--partition', 'nowhere');
  assert.equal(refused.status, 2);
  assert.match(
    refused.stderr,
    /^error Could not submit the job: Invalid partition name specified\.\nhint {2}List the partitions with `sinfo -s`\.$/m,
  );
});
