/** @file `wnlstm sweep --launcher slurm` without a cluster: shell scripts stand for Slurm's commands. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { bin, environment, scratch, sweepFile } from './sweep.testing.js';

const skip = process.platform === 'win32' && 'Slurm does not run on Windows';

/** Runs `wnlstm sweep FILE` with a PATH that starts with a folder of commands. */
function run(file: string, runs: string, commands: string, ...more: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [bin, 'sweep', file, '--runs', join(scratch, runs), ...more],
    { encoding: 'utf8', env: { ...environment, PATH: commands } },
  );
  return { status, stdout, stderr };
}

/** A folder of commands: each is the text of a shell script. */
function commands(name: string, scripts: Record<string, string>): string {
  const folder = join(scratch, `bin-${name}`);
  mkdirSync(folder);
  const all = { scontrol: 'echo "MaxArraySize = 1001"', squeue: ':', ...scripts };
  for (const [program, text] of Object.entries(all)) {
    writeFileSync(join(folder, program), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, program), 0o755);
  }
  return [folder, '/usr/bin', '/bin'].join(delimiter);
}

const NOWHERE = join(scratch, 'nowhere');

test('without Slurm, a submission is refused and writes nothing, but --dry-run shows the batch script', {
  skip,
}, () => {
  const file = sweepFile('absent');
  const refused = run(file, 'absent', NOWHERE, '--launcher', 'slurm');
  assert.equal(refused.status, 2);
  assert.match(
    refused.stderr,
    /^error Slurm is not available here: there is no scontrol on the PATH\.\nhint {2}Run this command on a login node/,
  );
  const dry = run(
    file,
    'absent',
    NOWHERE,
    '--launcher',
    'slurm',
    '--dry-run',
    '--partition',
    'main',
    '--sbatch',
    '--qos=low',
  );
  assert.equal(dry.status, 0, dry.stderr);
  assert.match(dry.stdout, /^#!\/bin\/bash\n[\s\S]*#SBATCH --partition=main\n[\s\S]*#SBATCH --qos=low\n/);
  assert.match(dry.stdout, /^sbatch --parsable \S+absent\/slurm\/job-1\.sh\n$/m);
  assert.ok(!existsSync(join(scratch, 'absent')));
});

test('an option without its launcher is refused, and the error names what to use', { skip }, () => {
  const file = sweepFile('options');
  for (const [options, expected] of [
    [['--partition', 'main'], /--partition needs --launcher slurm\./],
    [['--sbatch', '--qos=low'], /--sbatch needs --launcher slurm\./],
    [
      ['--launcher', 'slurm', '--jobs', '2'],
      /--jobs cannot be used with --launcher slurm\.\nhint {2}.*--max-parallel N/,
    ],
    [['--launcher', 'slurm', '--plan-only'], /--plan-only cannot be used with --launcher slurm\./],
    [['--launcher', 'slurm', '--sbatch', '--array=1'], /The sbatch option --array is set by wnlstm\./],
    [['--launcher', 'slurm', '--mem', 'a"b'], /must not contain quotes/],
    [['--launcher', 'pbs'], /Allowed choices are local, slurm/],
  ] as const) {
    const { status, stderr } = run(file, 'options', NOWHERE, ...options);
    assert.equal(status, 2, stderr);
    assert.match(stderr, expected);
  }
  assert.ok(!existsSync(join(scratch, 'options')));
});

test('an error of sbatch is one sentence; what was submitted before it is recorded, and the next call submits the rest', {
  skip,
}, () => {
  const path = commands('refusing', {
    scontrol: 'echo "MaxArraySize = 2"',
    sbatch: `[ -e ${scratch}/allow ] && { echo 8; exit; }
[ -e ${scratch}/one ] && { echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy" >&2; exit 1; }
touch ${scratch}/one; echo 7`,
    squeue: 'echo "7_0|PENDING|None"; echo "7_1|RUNNING|None"',
  });
  const file = sweepFile('refusing');
  const args = ['--launcher', 'slurm', '--runs-per-task', '1'];
  const first = run(file, 'refusing', path, ...args);
  assert.equal(first.status, 2);
  assert.match(first.stdout, /^Submitted job 7: 2 tasks, 2 runs\n$/);
  assert.match(
    first.stderr,
    /error Could not submit the job: Job violates accounting\/QOS policy\.\nhint {2}Submit fewer/,
  );
  writeFileSync(join(scratch, 'allow'), '');
  const second = run(file, 'refusing', path, ...args, '--json');
  assert.equal(second.status, 0, second.stderr);
  const { submitted, queued, left } = JSON.parse(second.stdout);
  assert.deepEqual(
    { submitted, queued, left },
    { submitted: [{ job: '8', tasks: 2, runs: 2 }], queued: 2, left: 4 },
  );
});

test('a controller that does not answer and an sbatch that prints no id are clear errors', { skip }, () => {
  const file = sweepFile('silent');
  const silent = commands('silent', {
    scontrol:
      'echo "slurm_load_ctl_conf error: Unable to contact slurm controller (connect failure)" >&2; exit 1',
  });
  const refused = run(file, 'silent', silent, '--launcher', 'slurm');
  assert.equal(refused.status, 2);
  assert.match(
    refused.stderr,
    /Unable to contact slurm controller \(connect failure\)\.\nhint {2}.*scontrol ping/,
  );
  const mute = run(file, 'silent', commands('mute', { sbatch: 'echo hello' }), '--launcher', 'slurm');
  assert.equal(mute.status, 2);
  assert.match(mute.stderr, /Expected the id of a job from sbatch, got hello\./);
});

test('a sweep file that differs from its plan is refused before anything is submitted', { skip }, () => {
  const path = commands('changed', { sbatch: `echo called > ${scratch}/called; echo 9` });
  const file = sweepFile('changed');
  assert.equal(run(file, 'changed', path, '--launcher', 'slurm').status, 0);
  writeFileSync(join(scratch, 'called'), '');
  const { status, stderr } = run(
    sweepFile('changed', {}, { lr: 0.5 }),
    'changed',
    path,
    '--launcher',
    'slurm',
  );
  assert.equal(status, 2);
  assert.match(stderr, /another config or other data for base/);
  assert.equal(readFileSync(join(scratch, 'called'), 'utf8'), '');
});

test('the slurm keys of a sweep file are options, which flags override and the plan does not contain', {
  skip,
}, () => {
  const file = sweepFile('keys', { slurm: { partition: 'main', time: '1:00:00', maxParallel: 3 } });
  const { stdout } = run(file, 'keys', NOWHERE, '--launcher', 'slurm', '--dry-run', '--time', '0:30:00');
  assert.match(stdout, /^#SBATCH --array=0-\d+%3$/m);
  assert.match(stdout, /^#SBATCH --partition=main\n#SBATCH --time=0:30:00$/m);
  assert.equal(run(file, 'keys', NOWHERE).status, 0); // on this machine the keys have no effect
  assert.ok(!readFileSync(join(scratch, 'keys/keys/plan.json'), 'utf8').includes('slurm'));
});

test('a sweep for GPUs is submitted from a machine that has none, one run per task', { skip }, () => {
  const file = sweepFile('gpu', {}, { backend: 'tensorflow', device: 'cuda' });
  const { stdout, stderr } = run(
    file,
    'gpu',
    NOWHERE,
    '--launcher',
    'slurm',
    '--dry-run',
    '--gres',
    'gpu:1',
    '--json',
  );
  const { submissions } = JSON.parse(stdout);
  assert.deepEqual(
    submissions[0]?.tasks.map((task: string[]) => task.length),
    [1, 1, 1, 1],
    stderr,
  );
  assert.match(submissions[0].script, /#SBATCH --gres=gpu:1\n[\s\S]* --threads 1 --jobs 1 --idle-exit &/);
});

test('--cancel of a sweep without jobs says so', { skip }, () => {
  const { status, stdout } = run(sweepFile('none'), 'none', NOWHERE, '--cancel');
  assert.deepEqual(
    [status, stdout],
    [0, `The sweep in ${join(scratch, 'none/none')} has no jobs in the queue.\n`],
  );
});
