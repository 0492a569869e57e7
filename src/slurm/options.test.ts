/** @file The options of a submission. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secondsOf, slurmOptions } from './options.js';

test('flags win over the sweep file, and the sbatch options of both are kept, those of the flags last', () => {
  const options = slurmOptions(
    { partition: 'gpu', sbatch: ['--qos=high'] },
    { partition: 'main', cpus: 4, sbatch: ['--qos=low'] },
  );
  assert.deepEqual(options, {
    partition: 'gpu',
    cpus: 4,
    signalSeconds: 120,
    sbatch: ['--qos=low', '--qos=high'],
  });
});

test('an sbatch option that wnlstm sets itself is refused, and the error names what to use instead', () => {
  for (const [option, hint] of [
    ['--partition=main', 'Use --partition instead.'],
    ['-pmain', 'Use --partition instead.'],
    ['--cpus-per-task 4', 'Use --cpus instead.'],
    ['--array=0-3', 'Use --max-parallel and --runs-per-task instead.'],
    ['--output=x.log', 'Leave it out.'],
    ['qos=low', 'Write it as in a batch script: `--sbatch "--qos=low"`.'],
  ] as const) {
    assert.throws(() => slurmOptions({ sbatch: [option] }, {}), { code: 'E_USAGE', hint });
  }
  assert.deepEqual(slurmOptions({ sbatch: ['--nodelist=a', '--nice'] }, {}).sbatch, [
    '--nodelist=a',
    '--nice',
  ]);
});

test('a time limit is longer than the time that a task needs to stop', () => {
  assert.throws(() => slurmOptions({ time: '2' }, {}), {
    message: /at least 180 s, got 2: tasks are told to stop 120 s/,
  });
  assert.equal(slurmOptions({ time: '2' }, { signalSeconds: 30 }).time, '2');
  assert.equal(slurmOptions({ time: 'UNLIMITED' }, {}).time, 'UNLIMITED');
});

test('a time limit is read as Slurm reads it', () => {
  const seconds = {
    '5': 300,
    '5:30': 330,
    '1:05:30': 3930,
    '2-1': 176_400,
    '2-1:30': 178_200,
    '2-1:30:05': 178_205,
  };
  for (const [time, expected] of Object.entries(seconds)) assert.equal(secondsOf(time), expected, time);
  assert.equal(secondsOf('INFINITE'), null);
});
