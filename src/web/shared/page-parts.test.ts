/** @file The parts of the page that need no browser: ranges, selections, styles, config differences and rows as bytes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differingKeys } from './config-table.js';
import { duration, percent, progress, shortNumber } from './format.js';
import type { GroupInfo, RunInfo } from './protocol.js';
import { decodeRows, encodeRows } from './rows-format.js';
import { isShown, newestGroup, sortRuns, styleIndices, withGroup, withRun } from './selection.js';
import { limitBands, yRange } from './y-range.js';

function run(key: string, change: Partial<RunInfo> = {}): RunInfo {
  return {
    key,
    group: '',
    arm: key,
    status: 'completed',
    seed: 0,
    step: 10,
    totalSteps: 10,
    stepsPerEpoch: 5,
    valAccuracy: null,
    bestValAccuracy: null,
    testAccuracy: null,
    seconds: null,
    startedAt: '2026-01-01',
    environment: { host: 'a' },
    config: { lr: 0.1, clip: null },
    problem: null,
    hasLog: false,
    ...change,
  };
}

const sweep: GroupInfo = {
  name: 's',
  about: null,
  arms: ['wn', 'base'],
  planned: 4,
  secondsLeft: null,
  problem: null,
};
const ofSweep = [0, 1].flatMap((seed) =>
  ['base', 'wn'].map((arm) => run(`s/${arm}-${seed}`, { group: 's', arm, seed })),
);
const nothing = { groups: [], runs: [], hidden: [] };

test('rows are the same after encoding and decoding', () => {
  const rows = { version: 3, columns: [Float64Array.of(1, Number.NaN), Float64Array.of(0.1, 1e300)] };
  assert.deepEqual(decodeRows(encodeRows(rows).buffer as ArrayBuffer), rows);
  assert.deepEqual(
    decodeRows(encodeRows({ version: 1, columns: [new Float64Array()] }).buffer as ArrayBuffer),
    {
      version: 1,
      columns: [],
    },
  );
});

test('rows that are cut off are an error', () => {
  const bytes = encodeRows({ version: 0, columns: [Float64Array.of(1, 2), Float64Array.of(3, 4)] });
  assert.throws(() => decodeRows(bytes.slice(0, -8).buffer), RangeError);
});

test('a run of a shown sweep can be hidden and shown again, and a run without one shown', () => {
  const [first] = ofSweep;
  const all = withGroup(nothing, 's', ofSweep, true);
  assert.ok(ofSweep.every((each) => isShown(each, all)));
  const without = withRun(all, first!, false);
  assert.deepEqual(
    ofSweep.map((each) => isShown(each, without)),
    [false, true, true, true],
  );
  assert.deepEqual(withRun(without, first!, true), all);
  const loose = run('x');
  assert.deepEqual(withRun(withRun(nothing, loose, true), loose, false), nothing);
  assert.deepEqual(withGroup(without, 's', ofSweep, false), nothing);
});

test('the newest group is the sweep of the newest run, or all runs without a sweep', () => {
  assert.deepEqual(newestGroup([]), []);
  assert.deepEqual(newestGroup([run('a'), run('s/b', { group: 's', startedAt: '2026-02-01' })]), ['s']);
  assert.deepEqual(newestGroup([run('a', { startedAt: '2026-03-01' }), run('s/b', { group: 's' })]), ['']);
});

test('runs are in the order of the arms of the plan, then by seed', () => {
  const order = sortRuns([...ofSweep, run('x')], [sweep]).map(({ key }) => key);
  assert.deepEqual(order, ['x', 's/wn-0', 's/wn-1', 's/base-0', 's/base-1']);
});

test('the runs of an arm have one style, which does not change when other runs are hidden', () => {
  const all = withGroup(nothing, 's', ofSweep, true);
  const styles = styleIndices(ofSweep, [sweep], all);
  assert.deepEqual([...styles.values()], [0, 0, 1, 1]);
  assert.deepEqual(styleIndices(ofSweep, [sweep], withRun(all, ofSweep[1]!, false)), styles);
  const loose = [run('a'), run('b')];
  assert.deepEqual([...styleIndices(loose, [], { ...nothing, groups: [''] }).values()], [0, 1]);
});

test('only the keys in which runs differ are listed, config first', () => {
  const other = run('b', { config: { lr: 0.1, clip: 0.5 }, environment: { host: 'b' } });
  assert.deepEqual(differingKeys([run('a'), other]), [
    { name: 'clip', values: ['none', '0.5'] },
    { name: 'host', values: ['a', 'b'] },
  ]);
  assert.deepEqual(differingKeys([run('a'), run('b')]), []);
});

test('the range of an axis contains all values, unless a few are extreme', () => {
  const calm = Array.from({ length: 100 }, (_, index) => 1 + index / 100);
  const found = yRange([calm], false);
  assert.ok(found && found.range[0] < 1 && found.range[1] > 1.99 && found.above === 0);
  const cut = yRange([calm, [1, 1e9]], false);
  assert.ok(cut && cut.range[1] < 5 && cut.above === 1 && cut.below === 0, JSON.stringify(cut));
  assert.equal(yRange([[null]], false), null);
  const flat = yRange([[2, 2]], false);
  assert.ok(flat && flat.range[0] < 2 && flat.range[1] > 2);
  const log = yRange([[0.001, 1000]], true);
  assert.ok(log && log.range[0] > 0 && log.range[0] < 0.001 && log.range[1] > 1000);
});

test('bands extend the range of the lines at most by its height, and to possible values only', () => {
  const axis = { isLog: false, isFraction: true };
  const lines = [
    [0.4, 0.5],
    [0.45, null],
  ];
  const wide = limitBands(
    lines,
    [
      [-3, null],
      [4, 0.55],
    ],
    axis,
  );
  assert.deepEqual(
    wide.edges.flat().map((value) => value && Number(value.toFixed(9))),
    [0.3, null, 0.6, 0.55],
  );
  assert.equal(wide.isCut, true);
  const high = [[0.5, 0.875]];
  assert.deepEqual(limitBands(high, [[-3, 4]], axis), { edges: [[0.125, 1]], isCut: true });
  assert.deepEqual(limitBands([[0.1, 0.9]], [[-3, 4]], axis), { edges: [[0, 1]], isCut: false });
  assert.deepEqual(limitBands([[1, 10]], [[0.01, 1000]], { isLog: true, isFraction: false }).edges, [
    [0.1, 100],
  ]);
  assert.deepEqual(limitBands([[0.5]], [[0.2, 0.8]], axis), { edges: [[0.2, 0.8]], isCut: false });
  assert.deepEqual(limitBands([[null]], [[1, 2]], axis), { edges: [[1, 2]], isCut: false });
});

test('numbers are short', () => {
  assert.deepEqual([0, 0.123456, 12345.6, 1e-7, 1e30].map(shortNumber), [
    '0',
    '0.1235',
    '12,346',
    '1.00e-7',
    '1.00e30',
  ]);
  assert.deepEqual([percent(0.97312), percent(null)], ['97.31', '–']);
  assert.deepEqual([4.25, 200, 7500, null].map(duration), ['4.3 s', '3 min 20 s', '2 h 5 min', '–']);
  assert.deepEqual([progress(1240, 4295), progress(3, null)], ['1,240 / 4,295', '3 / ?']);
});
