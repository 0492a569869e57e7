/** @file Slurm's output. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArraySize, parseQueue } from './queue.js';

test('every line of squeue that names a task of an array is a task', () => {
  const queue = parseQueue('12_3|PENDING|Resources\n12_0|RUNNING|None\n13|PENDING|(odd|reason)\n\n');
  assert.deepEqual(
    [...queue.values()],
    [
      { id: '12_3', state: 'PENDING', reason: 'Resources' },
      { id: '12_0', state: 'RUNNING', reason: 'None' },
    ],
  );
});

test('the largest array is that of the cluster, or the default of Slurm', () => {
  assert.equal(parseArraySize('MailProg = /bin/mail\nMaxArraySize            = 5001\n'), 5001);
  assert.equal(parseArraySize('nothing'), 1001);
});
