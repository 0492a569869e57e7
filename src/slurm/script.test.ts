/** @file The batch script: its text, and what its shell does with signals and missing files. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packageRoot } from '../package.js';
import { untilTrue } from './cluster.testing.js';
import { batchScript, type ScriptInput } from './script.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-script-'));
after(() => rmSync(scratch, { recursive: true }));

const skip = process.platform === 'win32' && 'bash is needed';

const input: ScriptInput = {
  job: 'wnlstm-rates',
  directory: '/home/ada/runs/rates',
  logs: '/home/ada/runs/rates/slurm',
  tasks: '/home/ada/runs/rates/slurm/tasks-1.json',
  taskCount: 12,
  node: '/home/ada/node/bin/node',
  program: '/home/ada/wnlstm/bin/wnlstm.js',
  slurmFolder: '/opt/slurm/bin',
  options: {
    partition: 'main',
    account: 'lab',
    time: '2:00:00',
    cpus: 2,
    mem: '2G',
    gres: 'gpu:1',
    maxParallel: 4,
    signalSeconds: 120,
    sbatch: ['--qos=low', '--nice=10'],
  },
};

test('the batch script is the golden one; to accept a new one, set UPDATE_GOLDEN=1', () => {
  const golden = join(packageRoot, 'src/slurm/script.golden.sh');
  if (process.env.UPDATE_GOLDEN) writeFileSync(golden, batchScript(input));
  assert.equal(batchScript(input), readFileSync(golden, 'utf8'));
});

test('paths with quotes, spaces and percent signs stay one word', () => {
  const script = batchScript({ ...input, directory: `/it's`, logs: '/a "b" 100%' });
  assert.match(script, /^sweep='\/it'\\''s'$/m);
  assert.match(script, /^#SBATCH --output="\/a \\"b\\" 100%%\/%A_%a\.log"$/m);
});

/** Runs a batch script as Slurm does, with a shell script in the place of Node and of scontrol. */
function start(name: string, program: string, change: Partial<ScriptInput> = {}) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const executable = (file: string, text: string): string => {
    const path = join(folder, file);
    writeFileSync(path, `#!/bin/bash\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  executable('scontrol', `echo "$@" > ${folder}/requeued`);
  const node = executable('node', `[ "$1" = --version ] && exit\n${program}`);
  const paths = {
    directory: folder,
    tasks: join(folder, 'tasks.json'),
    node,
    program: node,
    slurmFolder: null,
  };
  const script = executable(
    'job.sh',
    batchScript({ ...input, ...paths, ...change }).replace('#!/bin/bash\n', ''),
  );
  const env = {
    ...process.env,
    PATH: `${folder}:${process.env.PATH}`,
    SLURM_ARRAY_JOB_ID: '12',
    SLURM_ARRAY_TASK_ID: '3',
  };
  return { folder, script, env };
}

test('the exit code of the program is that of the task, and only code 75 requeues it', { skip }, () => {
  for (const [code, isRequeued] of [
    [0, false],
    [1, false],
    [143, false],
    [75, true],
  ] as const) {
    const { folder, script, env } = start(`code-${code}`, `exit ${code}`);
    assert.equal(spawnSync(script, { env }).status, code);
    assert.equal(existsSync(join(folder, 'requeued')), isRequeued);
    if (isRequeued) assert.equal(readFileSync(join(folder, 'requeued'), 'utf8'), 'requeue 12_3\n');
  }
});

test('signals reach the program, and the task waits until it has ended', {
  skip: process.platform === 'win32',
}, async () => {
  const program =
    'trap "sleep 0.3; exit 75" USR2; trap "sleep 0.3; exit 143" TERM; echo ready > ready; while :; do sleep 0.05; done';
  for (const [signal, expected] of [
    ['SIGUSR1', 75],
    ['SIGTERM', 143],
  ] as const) {
    const { folder, script, env } = start(
      signal,
      program.replace('> ready', `> ${join(scratch, signal)}/ready`),
    );
    const task = spawn(script, { env, stdio: 'ignore' });
    const code = new Promise((resolve) => task.on('exit', resolve));
    await untilTrue(() => existsSync(join(folder, 'ready')), 'the program has started');
    task.kill(signal);
    assert.equal(await code, expected);
    assert.equal(existsSync(join(folder, 'requeued')), signal === 'SIGUSR1');
  }
});

test('a task that is told to stop before the program has started goes back to the queue', {
  skip,
}, async () => {
  const isUp = join(scratch, 'up');
  const { folder, script, env } = start('early', `touch ${isUp}; exec sleep 60`); // without a handler, as Node at first
  const task = spawn(script, { env, stdio: 'ignore' });
  const code = new Promise((resolve) => task.on('exit', resolve));
  await untilTrue(() => existsSync(isUp), 'the program runs');
  task.kill('SIGUSR1');
  await code;
  assert.ok(existsSync(join(folder, 'requeued')));
});

test('a node that lacks the folder, Node or the program ends the task with a sentence in the log', {
  skip,
}, () => {
  for (const [change, expected] of [
    [
      { directory: '/nowhere' },
      /^wnlstm: \S+ does not see the folder \/nowhere\. It must be on a file system/m,
    ],
    [
      { node: '/nowhere/node' },
      /^wnlstm: \S+ has no \/nowhere\/node\. Install Node in a folder that all nodes share/m,
    ],
    [
      { program: '/nowhere/wnlstm.js' },
      /^wnlstm: \S+ has no \/nowhere\/wnlstm\.js\. Install wnlstm in a folder/m,
    ],
  ] as const) {
    const { script, env } = start(`lacks-${Object.keys(change)[0]}`, 'exit 0', change);
    const { status, stderr } = spawnSync(script, { env, encoding: 'utf8' });
    assert.equal(status, 127);
    assert.match(stderr, expected);
  }
});
