/** @file Properties of the readers of runs and data sets: any file is read or refused with an error, and written values are read back. */

import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseIdx } from '../data/idx.js';
import { idxBytes } from '../data/idx.testing.js';
import { type NamedArray, NO_METRICS } from '../model/state.js';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../runs/checkpoint.js';
import { epochColumns, openCsv, readCsv, stepColumns } from '../runs/metrics.js';
import { isRunning, parseOwner, thisProcess } from '../runs/owner.js';
import { readConfig, readRecord, readSummary } from '../runs/reading.js';
import { defaults, record, storedSummary } from '../runs/run.testing.js';
import { readSafetensors, writeSafetensors } from '../runs/safetensors.js';
import { freeze, readPlan, writePlan } from '../sweep/plan.js';
import {
  folder,
  forTexts,
  json,
  key,
  path,
  readsOrRefuses,
  replacedIn,
  textLike,
} from './properties.testing.js';

test('any rows are read back as they were written', () => {
  const cell = fc.oneof(
    fc.constant(null),
    fc.double(),
    fc.constantFrom(Number.NaN, Infinity, -Infinity, 5e-324),
  );
  const cells = {
    ...Object.fromEntries(stepColumns.map((name) => [name, cell])),
    epoch: fc.option(fc.nat()),
    elapsed_seconds: fc.option(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })),
  };
  const rows = fc.array(fc.record(cells), {
    maxLength: 5,
  });
  return fc.assert(
    fc.asyncProperty(rows, async (made) => {
      const log = openCsv(path, stepColumns, 0);
      const written = made.map((row, at) => ({ ...row, step: at + 1 })) as Parameters<typeof log.write>[0][];
      for (const row of written) await log.write(row);
      const same = (value: number | null): number | null => (value === 0 ? 0 : value); // -0 is written as 0
      const read = readCsv(path, stepColumns).map((row) => Object.values(row).map(same));
      assert.deepEqual(
        read,
        written.map((row) => stepColumns.map((name) => same(row[name]))),
      );
    }),
    { numRuns: 60 },
  );
});

test('a CSV with any text is read or refused', () => {
  const header = epochColumns.join(',');
  const rows = [1, 2, 3].map((epoch) => epochColumns.map((_, at) => (at < 2 ? epoch : epoch / 7)).join(','));
  const text = `${[header, ...rows].join('\n')}\n`;
  for (const like of [text, text.replaceAll(',', ';').replaceAll('\n', '\r\n'), text.replaceAll(',', '\t')])
    forTexts(like, (changed) => {
      writeFileSync(path, changed);
      readCsv(path, epochColumns);
    });
});

const arrays: fc.Arbitrary<ReadonlyMap<string, NamedArray>> = fc
  .array(
    fc.tuple(
      fc.oneof(key, fc.string({ maxLength: 10 })).filter((name) => name !== '__metadata__'),
      fc.oneof(
        fc.float32Array({ maxLength: 9 }),
        fc.float64Array({ maxLength: 9 }),
        fc.int32Array({ maxLength: 9 }),
      ),
    ),
    { maxLength: 4 },
  )
  .map((entries) => new Map(entries.map(([name, data]) => [name, { shape: [data.length, 1], data }])));

test('arrays are read back as they were written, and a file with any bytes is read or refused', () => {
  const change = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255));
  fc.assert(
    fc.property(arrays, fc.array(change, { maxLength: 3 }), fc.nat(20), (made, changes, cut) => {
      rmSync(path, { force: true });
      const sha256 = writeSafetensors(path, made);
      assert.deepEqual(new Map([...readSafetensors(path, sha256)].sort()), new Map([...made].sort()));
      const bytes = readFileSync(path);
      for (const [at, value] of changes) bytes[Math.floor(at * (bytes.length - 1))] = value;
      writeFileSync(path, bytes.subarray(0, bytes.length - cut));
      readsOrRefuses(() => readSafetensors(path));
    }),
    { examples: [[new Map([['__proto__', { shape: [1, 1], data: Float32Array.of(1) }]]), [], 0]] },
  );
});

test('a safetensors file with any JSON as its header is read or refused', () => {
  const entry = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
  fc.assert(
    fc.property(
      fc.oneof(
        json,
        replacedIn({ a: entry, __metadata__: {} }),
        fc.tuple(key, replacedIn(entry)).map(([name, value]) => ({ [name]: value })),
      ),
      (header) => {
        const text = Buffer.from(JSON.stringify(header) ?? '');
        const length = Buffer.alloc(8);
        length.writeBigUInt64LE(BigInt(text.length));
        writeFileSync(path, Buffer.concat([length, text, Buffer.alloc(8)]));
        readsOrRefuses(() => readSafetensors(path));
      },
    ),
  );
});

test('progress.json with any text is read or refused', () => {
  const directory = join(folder, 'checkpoints');
  const best = { epoch: 1, step: 10, valLoss: 0.5, valAccuracy: 0.9 };
  const progress = {
    step: 10,
    row: NO_METRICS,
    epoch: NO_METRICS,
    best,
    diverged: false,
    elapsedSeconds: 1,
    stepSeconds: 1,
    epochSeconds: 1,
  };
  const checkpoint: Checkpoint = {
    progress,
    state: new Map([['lstm/b', { shape: [1], data: Float32Array.of(1) }]]),
  };
  writeCheckpoint(directory, checkpoint);
  assert.deepEqual(readCheckpoint(directory, 10), { ...checkpoint, origin: null });
  const file = join(directory, 'step-000010/progress.json');
  forTexts(readFileSync(file, 'utf8'), (text) => {
    writeFileSync(file, text);
    readCheckpoint(directory, 10);
  });
});

test('run.json, config.json and summary.json with any text are read or refused', () => {
  const readers: [string, unknown, () => unknown][] = [
    ['run.json', record('a'), () => readRecord(folder)],
    ['run.json', { ...record('a'), format: 1 }, () => readRecord(folder)],
    ['config.json', defaults, () => readConfig(folder)],
    ['summary.json', storedSummary('a'), () => readSummary(folder, record('a'))],
  ];
  for (const [file, value, read] of readers)
    forTexts(JSON.stringify(value), (text) => {
      writeFileSync(join(folder, file), text);
      read();
    });
});

test('plan.json with any text is read or refused', () => {
  const arms = [{ name: 'a', family: 'a', config: defaults, arithmetic: 'wnlstm-1' }];
  const plan = freeze(
    { name: 'a', about: null, arms, seeds: [0], comparisons: [], margin: 0.1 },
    { images: 'x' },
    '2026-01-02T03:04:05.678Z',
  );
  writePlan(folder, plan);
  assert.deepEqual(readPlan(folder), plan);
  forTexts(readFileSync(join(folder, 'plan.json'), 'utf8'), (text) => {
    writeFileSync(join(folder, 'plan.json'), text);
    readPlan(folder);
  });
});

test('IDX files are read back as they were written, and any other bytes are refused', () => {
  const shape = fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4));
  fc.assert(
    fc.property(
      shape,
      fc.array(fc.tuple(fc.nat(30), fc.nat(255)), { maxLength: 3 }),
      fc.nat(5),
      (sizes, changes, cut) => {
        const bytes = Uint8Array.from({ length: sizes[0] * sizes[1] * sizes[2] }, (_, at) => at);
        const file = idxBytes(sizes, bytes);
        const read = parseIdx(file, 3, path);
        assert.deepEqual([read.shape, [...read.bytes]], [sizes, [...bytes]]);
        for (const [at, value] of changes) if (at < file.length) file[at] = value;
        for (const rank of [1, 3])
          readsOrRefuses(() => parseIdx(file.subarray(0, Math.max(0, file.length - cut)), rank, path));
      },
    ),
  );
});

test('a lock file with any text has an owner or none', () => {
  const mine = thisProcess();
  assert.deepEqual(parseOwner(JSON.stringify(mine)), mine);
  assert.equal(isRunning(mine), true);
  fc.assert(
    fc.property(textLike(JSON.stringify(mine)), (text) => {
      const owner = parseOwner(text);
      if (owner === null) return;
      assert.ok(Number.isSafeInteger(owner.pid) && owner.pid > 0);
      isRunning(owner);
    }),
    {
      examples: [
        [JSON.stringify({ ...mine, pid: 2 ** 40 })],
        [JSON.stringify({ ...mine, started: { toString: 1 } })],
      ],
    },
  );
});
