/** @file `wnlstm diff`: shows what differs between two runs. */

import { EXIT } from '../errors.js';
import { expandHome } from '../package.js';
import { findRun } from '../runs/find.js';
import type { Configure, Io } from '../terminal/io.js';
import { addRunsOption } from '../terminal/options.js';
import { plural } from '../text/plural.js';
import { singleLine } from '../text/printable.js';
import { shorten } from '../text/shorten.js';
import { alignColumns } from '../text/table.js';
import { diffRuns, type Pair, type RowsDiff, type RunDiff } from '../verify/diff.js';

export const configure: Configure = (command, io, run) => {
  const what = 'folder, id, or start of the id of a run';
  addRunsOption(command.argument('<a>', what, expandHome).argument('<b>', what, expandHome))
    .option('--json', 'print the differences as one line of JSON')
    .action(
      run((a, b, options) => {
        const runs = [findRun(options.runs, a), findRun(options.runs, b)] as const;
        const diff = diffRuns(...runs);
        const [one, other] = runs.map(({ directory }) => directory) as [string, string];
        io.out(options.json ? JSON.stringify({ a: one, b: other, ...diff }) : describe(one, other, diff, io));
        return EXIT.done;
      }),
    );
};

function describe(a: string, b: string, diff: RunDiff, { outColor: { bold, dim } }: Io): string {
  const section = (title: string, pairs: readonly Pair[], equal: string): string =>
    pairs.length === 0
      ? `${bold(title)}  ${dim(equal)}`
      : `${bold(title)}\n${indented(alignColumns([['', 'a', 'b'], ...pairs.map((pair) => pair.map(cell))]))}`;
  return [
    `a: ${a}\nb: ${b}`,
    section('config', diff.config, 'equal'),
    section('data', diff.data, 'equal'),
    section('environment', diff.environment, 'equal'),
    `${bold('rows')}\n${indented(diff.rows.map(describeRows).join('\n'))}`,
    section('results', diff.results, 'neither run has a result'),
  ].join('\n\n');
}

/** The most characters of a cell that are shown; one of a damaged file can be very long. */
const MOST_CELL = 60;

function describeRows({ file, a, b, columns, first }: RowsDiff): string {
  if (a === 0 || b === 0) return `${file}: ${plural(a, 'row')} in a, ${plural(b, 'row')} in b`;
  if (first === null) return `${file}: equal in ${plural(a, 'row')} and ${plural(columns, 'column')}`;
  const { step, name, recorded, repeated } = first;
  const isDamaged = step === 'NaN'; // the row has no step
  if (step !== null && !isDamaged && (recorded === null || repeated === null))
    return `${file}: first difference at step ${step}: only ${recorded === null ? 'b' : 'a'} has a row`;
  const row = step === null ? 'in the header' : isDamaged ? 'in a damaged row' : `at step ${step}`;
  const where = step === null ? row : `${row}, ${name}`;
  const [inA, inB] = [recorded, repeated].map((text) =>
    text === null ? 'nothing' : shorten(singleLine(text.slice(0, MOST_CELL + 1)), MOST_CELL),
  );
  return `${file}: first difference ${where}: ${inA} in a, ${inB} in b`;
}

/** A value of a table; hashes are shortened. */
function cell(value: string | null): string {
  if (value === null) return '-';
  return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, 16) : value;
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}
