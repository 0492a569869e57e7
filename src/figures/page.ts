/** @file A comparison as a self-contained HTML page: verdicts, tables, figures, configs and environment. */

import { rollup } from 'd3-array';
import { pairName } from '../compare/cells.js';
import type { Comparison, PairedComparison } from '../compare/compare.js';
import { comparisonNotes } from '../compare/notes.js';
import { comparisonTables, toGrid } from '../compare/tables.js';
import { type Config, configKeys } from '../config.js';
import type { Arm } from '../results/arm.js';
import type { FoundRun } from '../runs/reading.js';
import { describeCommit, NOT_IDENTITY } from '../runs/record.js';
import { curvesOf, defaultColumns } from './curves.js';
import { figureSpec } from './figure.js';
import {
  curvesUsage,
  escapeHtml,
  figureElement,
  figurePolicy,
  figureScripts,
  figureStyle,
} from './figure-html.js';
import { verdictColors } from './figure-style.js';
import { fontFamily } from './font.js';
import { forestSpec, forestUsage } from './forest.js';

/** The content of the page. */
export interface PageInput {
  readonly title: string;
  readonly about: string | null;
  readonly arms: readonly Arm[];
  readonly comparison: Comparison;
  /** Sentences on when the plan was made and what was added to it. */
  readonly planned?: string | null;
  readonly found: readonly FoundRun[];
}

const style = `
body { margin: 32px auto; max-width: 1040px; padding: 0 16px; font: 14px/1.5 ${fontFamily}; color: #222; overflow-wrap: anywhere; }
${figureStyle}
h1 { font-size: 24px; margin: 0; } h2 { font-size: 17px; margin: 32px 0 8px; font-weight: 600; }
.about, .small { color: #666; } .small { font-size: 12px; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 12px 0; }
th, td { text-align: right; padding: 4px 12px 4px 0; border-bottom: 1px solid #e4e4e4; white-space: nowrap; }
th { color: #666; font-weight: 500; } th:first-child, td:first-child { text-align: left; }
.left td { text-align: left; } ul { padding-left: 20px; margin: 8px 0; }
.verdicts { list-style: none; padding: 0; } .verdicts li { padding: 6px 12px; margin: 4px 0; border-left: 4px solid; background: #f7f7f7; }
${Object.entries(verdictColors)
  .map(([kind, color]) => `.verdicts .${kind} { border-color: ${color}; }`)
  .join(' ')}`;

/** Renders the page, which loads no resources. */
export function comparisonPage({ title, about, planned, arms, comparison, found }: PageInput): string {
  const { differing, shared } = configTables(arms);
  const curves = curvesOf(arms, defaultColumns(arms), 'ci');
  const figure = {
    wide: figureSpec(curves, null, { interactive: true }),
    narrow: figureSpec(curves, null, { interactive: true, narrow: true }),
  };
  const verdicts = comparison.comparisons.map(verdictItem).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${figurePolicy}">
<title>${escapeHtml(title)}</title>
<style>${style}
</style>
${figureScripts()}
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${about ? `<p class="about">${escapeHtml(about)}</p>` : ''}
${planned ? `<p class="small">${escapeHtml(planned)}</p>` : ''}
${verdicts ? `<h2>Verdicts</h2>\n<ul class="verdicts">\n${verdicts}\n</ul>` : ''}
${differences(comparison)}
<h2>Results</h2>
${comparisonTables(comparison)
  .map((table) => htmlTable(toGrid(table)))
  .join('\n')}
<div class="small">${list(comparisonNotes(comparison))}</div>
<h2>Learning curves</h2>
${figureElement(figure, 'curves')}
<p class="small usage">${escapeHtml(curvesUsage)}</p>
<h2>Configs</h2>
${htmlTable(differing)}
<details><summary>Keys with the same value in all arms</summary>
<div class="left">${htmlTable(shared)}</div>
</details>
<h2>Environment</h2>
<div class="left">${htmlTable(environmentTable(found))}</div>
</body>
</html>
`;
}

/** A table as rows of text, heading first. */
type Grid = readonly (readonly string[])[];

/** The config keys in which arms differ, and those with the same value in all arms. */
function configTables(arms: readonly Arm[]): { differing: Grid; shared: Grid } {
  const values = configKeys
    .filter((key) => !NOT_IDENTITY.includes(key))
    .map((key) => ({ key, distinct: [...new Set(arms.map(({ config }) => config[key]))] }));
  const varied = values.filter(({ distinct }) => distinct.length > 1).map(({ key }) => key);
  return {
    differing: [
      ['arm', ...varied, 'seeds'],
      ...arms.map(({ name, config, runs }) => [
        name,
        ...varied.map((key) => written(config[key])),
        runs.map(({ seed }) => seed).join(' '),
      ]),
    ],
    shared: [
      ['key', 'value'],
      ...values.flatMap(({ key, distinct }) =>
        distinct.length === 1 ? distinct.map((value) => [key, written(value)]) : [],
      ),
    ],
  };
}

function written(value: Config[keyof Config]): string {
  return value === null ? 'none' : String(value);
}

function verdictItem(pair: PairedComparison): string {
  return `<li class="${pair.verdict.kind}"><b>${escapeHtml(pairName(pair))}</b> ${escapeHtml(pair.verdict.text)}</li>`;
}

function differences(comparison: Comparison): string {
  if (comparison.comparisons.length + comparison.exploratory.length === 0) return '';
  return `<h2>Differences</h2>
${figureElement({ wide: forestSpec(comparison, null, { interactive: true }), narrow: null }, 'differences')}
<p class="small usage">${escapeHtml(forestUsage)}</p>`;
}

function htmlTable([head = [], ...rows]: Grid): string {
  const cells = (tag: 'th' | 'td', row: readonly string[]): string =>
    row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('');
  const line = (row: readonly string[]): string => `<tr>${cells('td', row)}</tr>`;
  return `<div class="wide"><table>
<thead><tr>${cells('th', head)}</tr></thead>
<tbody>
${rows.map(line).join('\n')}
</tbody>
</table></div>`;
}

function list(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('\n')}</ul>`;
}

function environmentTable(found: readonly FoundRun[]): Grid {
  const records = found.map(({ record }) => record);
  const all = (read: (record: FoundRun['record']) => string): string => tally(records.map(read));
  const started = records.map(({ started_at }) => started_at).sort();
  const [first] = records;
  return [
    ['', ''],
    ['runs', String(records.length)],
    ['started', `${started.at(0)} to ${started.at(-1)}`],
    ['backend', all(({ backend }) => backend)],
    ['device', all(({ device }) => device)],
    ['arithmetic', all(({ arithmetic }) => arithmetic)],
    ['kernel build', all(({ kernel }) => kernel)],
    ['git commit', all(describeCommit)],
    ...Object.keys(first?.versions ?? {}).map((name) => [
      name,
      all(({ versions }) => versions[name] ?? 'none'),
    ]),
    ...Object.entries(first?.data.checksums ?? {}).map(([file, sha256]) => [file, `sha256 ${sha256}`]),
  ];
}

/** The distinct values, with the number of runs of each if there are several. */
function tally(values: readonly string[]): string {
  const counts = [
    ...rollup(
      values,
      ({ length }) => length,
      (value) => value,
    ),
  ];
  return counts.map(([value, count]) => (counts.length === 1 ? value : `${value} (${count})`)).join(', ');
}
