/** @file Creates folders of synthetic runs for tests. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { parseResolvedConfig } from '../config.js';
import { UserError } from '../errors.js';
import { toJson } from '../files.js';
import { FORMAT, type RunRecord, type Summary, writeRecord } from './record.js';

export const root = mkdtempSync(join(tmpdir(), 'wnlstm-'));
after(() => rmSync(root, { recursive: true }));

/** A new folder of runs. */
export function fresh(): string {
  return mkdtempSync(join(root, 'runs-'));
}

export const defaults = parseResolvedConfig({ backend: 'wasm', device: 'cpu' }, 'test');
export const checksums = { images: 'a1', labels: 'b2' };

export function record(id: string, change: Partial<RunRecord> = {}): RunRecord {
  return {
    format: FORMAT,
    run_id: id,
    status: 'completed',
    fingerprint: 'f'.repeat(64),
    started_at: '2026-01-02T03:04:05.678Z',
    updated_at: '2026-01-02T03:05:00.000Z',
    argv: ['train', '--seed', '1'],
    versions: { node: 'v20.11.0' },
    git_commit: null,
    host: 'a',
    backend: 'wasm',
    device: 'cpu',
    arithmetic: 'a',
    kernel: 'k',
    threads: 2,
    data: { directory: null, classes: 10, checksums },
    error: null,
    ...change,
  };
}

/** The contents of a summary.json. */
export function storedSummary(id: string): Omit<Summary, 'dir'> {
  return {
    run_id: id,
    status: 'completed',
    backend: 'wasm',
    device: 'cpu',
    model: 'wn',
    seed: 0,
    steps: 10,
    epochs: 1,
    loss: 0.5,
    accuracy: 0.9,
    val_loss: 0.4,
    val_accuracy: 0.91,
    test_loss: 0.41,
    test_accuracy: 0.92,
    best_epoch: 1,
    best_val_accuracy: 0.91,
    best_test_loss: 0.41,
    best_test_accuracy: 0.92,
    weights_sha256: 'f'.repeat(64),
    seconds: 2,
    ms_per_step: 1,
  };
}

/** Creates a run in a folder of runs, with a summary if it is completed. Returns the folder of the run. */
export function add(runs: string, id: string, change: Partial<RunRecord> = {}): string {
  const directory = join(runs, id);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'config.json'), toJson(defaults));
  const stored = record(id, change);
  if (stored.status === 'completed')
    writeFileSync(join(directory, 'summary.json'), toJson(storedSummary(id)));
  writeRecord(directory, stored);
  return directory;
}

export function isRunError(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, 'E_RUN');
    assert.match(error.message, message);
    assert.ok(error.hint);
    return true;
  };
}
