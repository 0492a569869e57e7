/** @file The table of all runs: its rows, and that pandas reads the numbers of the run's own files from it. */

import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { tableColumns, tableCsv, tableRows } from './csv.js';
import { exportedRun, interrupted, scratch, trained, trainedSweep } from './exported.testing.js';
import { lacks, python } from './readers.testing.js';
import { type ExportedRun, selectRuns } from './select-runs.js';

test('each measured value is one row with the time of its own row, and what was not measured is left out', async () => {
  const exported = exportedRun(await trained());
  const rows = tableRows(exported);
  const { steps, epochs } = exported.rows;
  assert.equal(rows.length, steps.length * 6 + epochs.length * 10 + 4);
  const accuracy = rows.filter(({ split, metric }) => split === 'validation' && metric === 'accuracy');
  assert.deepEqual(
    accuracy.map(({ per, step, epoch, seconds, value }) => [per, step, epoch, seconds, value]),
    epochs.map((row) => ['epoch', row.step, row.epoch, row.elapsed_seconds, row.val_accuracy]),
  );
  const { summary } = exported.run;
  const result = rows.filter(({ split, per }) => split === 'test' && per === 'run');
  assert.deepEqual(
    result.map(({ metric, epoch, value }) => [metric, epoch, value]),
    [
      ['loss', 2, summary!.test_loss],
      ['accuracy', 2, summary!.test_accuracy],
      ['best_loss', summary!.best_epoch, summary!.best_test_loss],
      ['best_accuracy', summary!.best_epoch, summary!.best_test_accuracy],
    ],
  );
  const unmeasured: ExportedRun = {
    ...exported,
    rows: { ...exported.rows, epochs: [{ ...epochs[0]!, val_loss: null, loss: Number.NaN }] },
  };
  const values = tableRows(unmeasured).filter(({ per }) => per === 'epoch');
  assert.equal(values.length, 9);
  assert.ok(values.some(({ metric, value }) => metric === 'loss' && Number.isNaN(value)));
});

test('an unfinished run has its rows and no result', async () => {
  const rows = tableRows(exportedRun(await interrupted()));
  assert.ok(rows.length > 10);
  assert.deepEqual([...new Set(rows.map(({ split }) => split))].sort(), ['train', 'validation']);
});

test('pandas reads every number, and pivots the table back to the columns of metrics.csv', {
  skip: lacks('pandas'),
}, async () => {
  const folder = await trainedSweep();
  const { runs } = selectRuns(dirname(folder), [folder], false);
  const path = join(mkdtempSync(join(scratch, 'csv-')), 'table.csv');
  writeFileSync(path, tableCsv(runs));
  const found = python(
    `import json, pandas, sys
table = pandas.read_csv(sys.argv[1])
epochs = table.query("per == 'epoch' and split == 'validation'")
wide = epochs.pivot(index=["arm", "seed", "step"], columns="metric", values="value").reset_index()
print(json.dumps({
  "columns": list(table.columns),
  "types": {name: str(table[name].dtype.kind) for name in ["seed", "step", "epoch", "seconds", "value"]},
  "arms": sorted(set(table["arm"])),
  "wide": wide[["arm", "seed", "step", "loss", "accuracy"]].values.tolist(),
}))`,
    path,
  );
  assert.deepEqual(found, {
    columns: [...tableColumns],
    types: { seed: 'i', step: 'i', epoch: 'i', seconds: 'f', value: 'f' },
    arms: ['plain', 'wn,f=0.5'],
    wide: runs.flatMap(({ arm, rows }) =>
      rows.epochs.map((row) => [arm, rows.seed, row.step, row.val_loss, row.val_accuracy]),
    ),
  });
});
