/** @file The formats of a comparison: text, Markdown and CSV. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { toJson } from '../files.js';
import { differenceCell, pCell, spreadCell } from './cells.js';
import { type Comparison, compare } from './compare.js';
import { syntheticArm } from './comparison.testing.js';
import { compareCsv } from './csv.js';
import { compareMarkdown } from './markdown.js';
import { compareText, type Style } from './text.js';

function same(text: string): string {
  return text;
}

const plain: Style = { bold: same, dim: same, green: same, red: same, yellow: same };

const base = [0.75, 0.7, 0.72, 0.78, 0.74, 0.69, 0.73, 0.75];
const wn = [0.96, 0.962, 0.958, 0.964, 0.961, 0.959, 0.963, 0.96];

/** Like the article's: three arms, one diverged run, and a seed that only one arm has. */
const article: Comparison = compare({
  arms: [
    syntheticArm('base', base, ({ seed, summary }) =>
      seed === 5 ? { status: 'diverged', testAccuracy: 0.1, summary: { ...summary, val_loss: null } } : {},
    ),
    syntheticArm('wn', wn),
    syntheticArm('wn-clip', [...wn.map((value, seed) => value + (seed % 3) / 200 - 0.008), 0.97]),
  ],
  comparisons: [
    ['wn', 'base'],
    ['wn-clip', 'wn'],
  ],
  exploratory: [['wn-clip', 'base']],
  margin: 0.005,
  notes: [],
});

/** Like the clipping sweep: 45 arms with names of up to 36 characters. */
function sweep(): Comparison {
  const names = ['base', 'base-rescaled', 'wn'].flatMap((model) =>
    ['none', 'norm', 'global-norm'].flatMap((clip) =>
      ['adam-0.001', 'adam-0.01', 'adam-0.1', 'sgd-0.1', 'sgd-1'].map((rate) => `${model} ${clip} ${rate}`),
    ),
  );
  return compare({
    arms: names.map((name, index) => syntheticArm(name, index % 7 === 0 ? base : wn)),
    comparisons: [[names[32]!, names[17]!]],
    exploratory: names.slice(1).map((name): [string, string] => [name, names[0]!]),
    margin: 0.005,
    notes: [],
  });
}

test('a loss of a run that nearly diverged has an exponent', () => {
  assert.equal(spreadCell({ n: 3, mean: 2.34e30, sd: 1.693e29 }, 1, 3), '2.34e+30 ± 1.69e+29');
  assert.equal(spreadCell({ n: 3, mean: 99_999, sd: 0.5 }, 1, 3), '99999.000 ± 0.500');
});

test('text shows the arms, the comparisons with their verdicts, and how to read them', () => {
  assert.deepEqual(compareText(article, plain, 80).split('\n').slice(0, 20), [
    '                     test     validation    steps to',
    'arm      n     accuracy %           loss  90/95/97 %  diverged  seconds',
    'base     8  65.88 ± 22.70  0.125 ± 0.000   200/300/-         1      2.5',
    'wn       8   96.09 ± 0.20  0.125 ± 0.000   200/300/-         0      2.5',
    'wn-clip  9   95.87 ± 0.50  0.125 ± 0.000   200/300/-         0      2.5',
    '',
    'comparison    seeds      points [95 % CI]    d_z  p (Holm)  verdict',
    'wn − base         8    +30.2 [11.3, 49.1]   1.19     0.016  better',
    'wn-clip − wn      8  −0.36 [−0.71, −0.01]  −0.77     0.055  undecided',
    '',
    'wn − base: 0.016 is the smallest possible p with 8 seeds that differ and 2',
    '  comparisons (Holm).',
    'wn-clip − wn: undecided: needs about 8 more seeds; excluded seed 8: wn has no',
    '  result; the interval excludes 0, but the verdict depends on p: it is 0.055,',
    '  adjusted for 2 comparisons, which is not below 0.05.',
    '',
    'exploratory     seeds    points [95 % CI]  verdict',
    'wn-clip − base      8  +29.8 [10.7, 49.0]  interval above 0',
    '',
    'wn-clip − base: excluded seed 8: base has no result.',
  ]);
  assert.match(
    compareText(article, plain, 80),
    /A diverged\s+run\s+counts.*paired\s+by\s+seed.*for\s+the\s+2\s+declared.*±0\.5\s+points.*not\s+adjusted/s,
  );
});

test('text fits the width of the terminal and contains every name completely, for 3 arms and for 45 with long names', () => {
  for (const comparison of [article, sweep()]) {
    for (const width of [40, 60, 80, 120]) {
      const text = compareText(comparison, plain, width);
      for (const line of text.split('\n')) assert.ok(line.length <= width && line === line.trimEnd(), line);
      for (const { name } of comparison.arms) assert.ok(text.includes(name), name);
    }
  }
});

test('a reference arm that all comparisons of a table share is in its heading', () => {
  assert.match(compareText(sweep(), plain, 80), /^exploratory: … − base none adam-0\.001 +seeds/m);
  assert.match(compareText(article, plain, 80), /^comparison +seeds/m);
});

test('better is green, worse is red, undecided is dim, an arm with diverged runs is yellow; text is the same without colours', () => {
  const tag =
    (name: string) =>
    (text: string): string =>
      `<${name}>${text}</${name}>`;
  const tagged: Style = {
    bold: tag('bold'),
    dim: tag('dim'),
    green: tag('green'),
    red: tag('red'),
    yellow: tag('yellow'),
  };
  const text = compareText(article, tagged, 80);
  assert.match(text, /<green>wn − base .* better<\/green>/);
  assert.match(text, /<dim>wn-clip − wn .* undecided<\/dim>/);
  assert.match(text, /<yellow>base .*<\/yellow>/);
  const { arms } = article;
  const [pair] = article.comparisons;
  const worse: Comparison = {
    ...article,
    arms,
    comparisons: [{ ...pair!, verdict: { kind: 'worse', text: 'worse' } }],
  };
  assert.match(compareText(worse, tagged, 80), /<red>wn − base .* worse<\/red>/);
  assert.equal(text.replace(/<\/?\w+>/g, ''), compareText(article, plain, 80));
});

test('differences have a sign, two decimals if the interval is narrow, and are never minus zero', () => {
  const [pair] = article.comparisons;
  const cell = (mean: number | null, interval: [number, number] | null): string =>
    differenceCell({ ...pair!, mean, interval_95: interval });
  assert.equal(cell(0.2211, [0.198, 0.2442]), '+22.1 [19.8, 24.4]');
  assert.equal(cell(-0.0012, [-0.0031, 0.0007]), '−0.12 [−0.31, 0.07]');
  assert.equal(cell(-0.000001, [-0.00001, 0.00001]), '0.00 [0.00, 0.00]');
  assert.equal(cell(0.01, null), '+1.00');
  assert.equal(cell(null, null), '-');
  assert.deepEqual([0.0078125, 0.0009, 1, null].map(pCell), ['0.008', '<0.001', '1.000', '-']);
});

test('Markdown has tables for GitHub and the notes as a list; a pipe in a name is escaped', () => {
  const text = compareMarkdown(article);
  const tables = text.split('\n\n').slice(0, 3);
  for (const table of tables) {
    const lines = table.split('\n');
    assert.match(lines[1]!, /^\| --- (\| --: )+\|$/);
    for (const line of lines) assert.equal(line.split(' | ').length, lines[0]!.split(' | ').length, line);
  }
  assert.match(tables[1]!, /^\| wn − base \| 8 \| \+\d+\.\d \[.*\] \| .* \| 0\.008 \| 0\.016 \| better \|$/m);
  assert.match(text, /^- wn-clip − wn: excluded seed 8: wn has no result; /m);
  const piped = compare({
    arms: [syntheticArm('a|b', [0.5])],
    comparisons: [],
    exploratory: [],
    margin: 0.005,
    notes: [],
  });
  assert.match(compareMarkdown(piped), /^\| a\\\|b \| 1 \| 50\.00 \|/m);
});

test('CSV is one table in full precision with a kind per row, and empty cells for missing values', () => {
  const text = compareCsv(article);
  assert.doesNotMatch(text, /NaN|Infinity|null|undefined|\r/);
  const rows = parse(text, { columns: true }) as Record<string, string>[];
  assert.deepEqual(
    rows.map(({ kind, name }) => [kind, name]),
    [
      ['arm', 'base'],
      ['arm', 'wn'],
      ['arm', 'wn-clip'],
      ['comparison', 'wn − base'],
      ['comparison', 'wn-clip − wn'],
      ['exploratory', 'wn-clip − base'],
    ],
  );
  const [pair] = article.comparisons;
  assert.equal(Number(rows[3]!.difference_mean), pair!.mean);
  assert.equal(Number(rows[3]!.ci95_high), pair!.interval_95?.[1]);
  assert.equal(Number(rows[0]!.test_accuracy_sd), article.arms[0]!.test_accuracy?.sd);
  assert.deepEqual([rows[0]!.p, rows[5]!.p, rows[0]!.steps_to_97, rows[0]!.reached_97], ['', '', '', '0']);
  const quoted = compare({
    arms: [syntheticArm('a,"b"', [0.5])],
    comparisons: [],
    exploratory: [],
    margin: 0.005,
    notes: [],
  });
  assert.equal((parse(compareCsv(quoted), { columns: true }) as Record<string, string>[])[0]!.name, 'a,"b"');
});

test('JSON is the complete comparison, with snake_case keys', () => {
  const json = toJson(article);
  assert.deepEqual(JSON.parse(json), article);
  for (const [, key] of json.matchAll(/"(\w+)":/g)) assert.match(key!, /^[a-z0-9_]+$/);
});

test('every format works without comparisons, and without runs', () => {
  for (const arms of [[syntheticArm('wn', wn)], [syntheticArm('wn', [])]]) {
    const comparison = compare({ arms, comparisons: [], exploratory: [], margin: 0.005, notes: [] });
    for (const text of [
      compareText(comparison, plain, 80),
      compareMarkdown(comparison),
      compareCsv(comparison),
    ]) {
      assert.match(text, /wn/);
      assert.doesNotMatch(text, /NaN|undefined|null|comparison/);
    }
  }
});

test('remarks explain why a comparison has no p or no interval', () => {
  const few = (a: number[], b: number[]): string =>
    compareText(
      compare({
        arms: [syntheticArm('a', a), syntheticArm('b', b)],
        comparisons: [['a', 'b']],
        exploratory: [],
        margin: 0.005,
        notes: [],
      }),
      plain,
      80,
    );
  assert.match(
    few([0.9, 0.9, 0.8], [0.7, 0.6, 0.5]),
    /^a − b: undecided: needs about 3 more seeds; 3 seeds are too few: p < 0\.05\s+needs\s+at\s+least\s+6\.$/m,
  );
  assert.match(few([0.9], [0.7]), /an\s+interval\s+needs\s+at\s+least\s+2\s+seeds;/m);
  assert.match(few([], [0.7]), /no\s+seed\s+has\s+a\s+result\s+in\s+both\s+arms\./m);
  assert.match(few(wn, wn), /all\s+differences\s+are\s+equal,\s+so\s+the\s+interval\s+has\s+zero\s+width/m);
});
