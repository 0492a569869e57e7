/** @file A comparison as one CSV table, for example for pandas. */

import { createObjectCsvStringifier } from 'csv-writer';
import type { ArmSummary } from './arm-summary.js';
import { pairName } from './cells.js';
import type { Comparison, PairedComparison } from './compare.js';

type CsvRow = Readonly<Record<string, string | number | null>>;

/**
 * Renders a comparison as CSV: one row per arm, comparison and note, distinguished by the column `kind`.
 *
 * @returns numbers in full precision, accuracies as fractions; a cell is empty if the kind of row has no such value
 */
export function compareCsv({ arms, comparisons, exploratory, notes }: Comparison): string {
  const rows = [
    ...arms.map(armRow),
    ...[...comparisons, ...exploratory].map(pairRow),
    ...notes.map((note): CsvRow => ({ kind: 'note', name: note })),
  ];
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const csv = createObjectCsvStringifier({ header: columns.map((id) => ({ id, title: id })) });
  return `${csv.getHeaderString() ?? ''}${csv.stringifyRecords(rows)}`;
}

function armRow(arm: ArmSummary): CsvRow {
  return {
    kind: 'arm',
    name: arm.name,
    n: arm.n,
    test_accuracy_mean: arm.test_accuracy?.mean ?? null,
    test_accuracy_sd: arm.test_accuracy?.sd ?? null,
    val_loss_mean: arm.val_loss?.mean ?? null,
    val_loss_sd: arm.val_loss?.sd ?? null,
    ...Object.fromEntries(
      arm.steps_to.flatMap(({ accuracy, median, reached }) => {
        const level = Math.round(accuracy * 100);
        return [
          [`steps_to_${level}`, median],
          [`reached_${level}`, reached],
        ];
      }),
    ),
    diverged: arm.diverged,
    seconds: arm.seconds,
  };
}

function pairRow(pair: PairedComparison): CsvRow {
  return {
    kind: pair.declared ? 'comparison' : 'exploratory',
    name: pairName(pair),
    n: pair.n,
    a: pair.a,
    b: pair.b,
    left_out_a: pair.only_a.length,
    left_out_b: pair.only_b.length,
    difference_mean: pair.mean,
    difference_sd: pair.sd,
    ci95_low: pair.interval_95?.[0] ?? null,
    ci95_high: pair.interval_95?.[1] ?? null,
    ci90_low: pair.interval_90?.[0] ?? null,
    ci90_high: pair.interval_90?.[1] ?? null,
    d_z: pair.d_z,
    p: pair.p,
    p_holm: pair.p_holm,
    verdict: pair.verdict.kind,
    verdict_text: pair.verdict.text,
  };
}
