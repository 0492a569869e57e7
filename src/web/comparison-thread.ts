/** @file A thread that compares runs, so that the server answers meanwhile. It reads them from disk, like `wnlstm compare`. */

import { parentPort, workerData } from 'node:worker_threads';
import { compare } from '../compare/compare.js';
import { footnotes, verdictNotes } from '../compare/notes.js';
import { comparisonTables, toGrid } from '../compare/tables.js';
import { asUserError } from '../errors.js';
import { figureSvg } from '../figures/figure-files.js';
import { forestSpec } from '../figures/forest.js';
import { readResults } from '../results/results.js';
import { DEFAULT_MARGIN } from '../sweep/grid.js';
import type { ComparisonAnswer } from './shared/protocol.js';

/** What to compare. */
export interface ComparisonInput {
  readonly runsDirectory: string;
  /** The folder of a sweep, or the folders of runs. */
  readonly names: readonly string[];
}

parentPort?.postMessage(await answer(workerData as ComparisonInput));

async function answer({ runsDirectory, names }: ComparisonInput): Promise<ComparisonAnswer> {
  try {
    return await comparisonOf(runsDirectory, names);
  } catch (error) {
    const known = asUserError(error);
    if (!known) throw error;
    return { kind: 'none', reason: known.message, hint: known.hint ?? null };
  }
}

/** Without declared pairs, every arm is compared with the first one. */
async function comparisonOf(runsDirectory: string, names: readonly string[]): Promise<ComparisonAnswer> {
  const results = readResults(runsDirectory, names);
  const [first, ...others] = results.arms.map(({ name }) => name);
  const isDeclared = results.comparisons.length > 0;
  const comparison = compare({
    arms: results.arms,
    comparisons: results.comparisons,
    exploratory: isDeclared || first === undefined ? [] : others.map((other) => [other, first] as const),
    margin: results.plan?.margin ?? DEFAULT_MARGIN,
    notes: results.notes,
  });
  const { comparisons, exploratory, family } = comparison;
  return {
    kind: 'comparison',
    tables: comparisonTables(comparison).map((table) => ({
      grid: toGrid(table),
      kinds: table.rows.map(({ kind }) => kind),
    })),
    notes: [...verdictNotes(comparisons, family), ...verdictNotes(exploratory, family), ...comparison.notes],
    footnotes: footnotes(comparison),
    svg: comparisons.length + exploratory.length === 0 ? null : await figureSvg(forestSpec(comparison, null)),
  };
}
