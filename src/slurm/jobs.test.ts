/** @file The record of submissions. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fresh } from '../runs/run.testing.js';
import { nextNumber, readJobs, recordJob, submissionPaths, writeSubmission } from './jobs.js';

test('the jobs that were submitted are read as they were recorded, the oldest first', () => {
  const directory = fresh();
  assert.deepEqual(readJobs(directory), []);
  for (const [id, tasks] of [
    ['12', [['a', 'b'], ['c']]],
    ['15', [['d']]],
  ] as const) {
    const number = nextNumber(directory);
    writeSubmission(directory, number, tasks, '#!/bin/bash\n');
    recordJob(directory, number, id, 'now');
  }
  assert.deepEqual(readJobs(directory), [
    { id: '12', submitted_at: 'now', tasks: [['a', 'b'], ['c']] },
    { id: '15', submitted_at: 'now', tasks: [['d']] },
  ]);
});

test('a submission that Slurm refused leaves its files, and the next one has other files', () => {
  const directory = fresh();
  writeSubmission(directory, nextNumber(directory), [['a']], '');
  assert.equal(nextNumber(directory), 2);
  assert.deepEqual(readJobs(directory), []);
});

test('damaged records are refused, and the error says what to do', () => {
  const directory = fresh();
  writeSubmission(directory, 1, [['a']], '');
  recordJob(directory, 1, '12', 'now');
  const damaged = { code: 'E_RUN', hint: /move the folder away/ };
  writeFileSync(submissionPaths(directory, 1).tasks, '{"a": 1}');
  assert.throws(() => readJobs(directory), damaged);
  const jobs = join(directory, 'slurm/jobs.json');
  for (const text of [
    '',
    '[',
    '{"format": 2, "jobs": []}',
    '{"format": 1, "jobs": [{"id": "--user=root"}]}',
  ]) {
    writeFileSync(jobs, text);
    assert.throws(() => readJobs(directory), damaged, text);
  }
});
