/** @file docs/study.md and README.md show the numbers of the tables in docs/study/. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { packageRoot } from '../package.js';

function read(path: string): string {
  return readFileSync(join(packageRoot, path), 'utf8');
}

const study = read('docs/study.md');
const readme = read('README.md');

function rowsOf(sweep: string): Record<string, string>[] {
  return parse(read(`docs/study/${sweep}.csv`), { columns: true }) as Record<string, string>[];
}

function percent(share: string): string {
  return (Number(share) * 100).toFixed(2);
}

/** Percentage points with a minus sign (U+2212), with one decimal if they are large. */
function points(share: string, digits: number): string {
  return (Number(share) * 100).toFixed(digits).replace('-', '−');
}

test('the accuracies of every arm in the document are those of the tables', () => {
  for (const sweep of ['article', 'clipping', 'confirm']) {
    const arms = rowsOf(sweep).filter(({ kind }) => kind === 'arm');
    assert.ok(arms.length >= 2);
    for (const { name, test_accuracy_mean: mean, test_accuracy_sd: sd } of arms) {
      const text = `${percent(mean!)} ± ${percent(sd!)}`;
      assert.ok(study.includes(text), `docs/study.md lacks ${text}, of ${sweep}'s ${name}`);
      if (sweep === 'article') assert.ok(readme.includes(text), `README.md lacks ${text}`);
    }
  }
});

test('the intervals of the declared comparisons in the document are those of the tables', () => {
  for (const sweep of ['article', 'clipping', 'confirm']) {
    for (const { kind, name, ci95_low: low, ci95_high: high } of rowsOf(sweep)) {
      if (kind !== 'comparison') continue;
      const forms = [1, 2].flatMap((digits) => [
        `[${points(low!, digits)}, ${points(high!, digits)}]`,
        `(${points(low!, digits)} to ${points(high!, digits)}`,
      ]);
      assert.ok(
        forms.some((form) => study.includes(form)),
        `docs/study.md lacks ${forms.join(' or ')}, of ${sweep}'s ${name}`,
      );
    }
  }
});
