/** @file A comparison as one HTML page that needs nothing else: verdicts, tables, figures, configs, environment. */

import { pairName } from '../compare/cells.js';
import type { Comparison, PairedComparison } from '../compare/compare.js';
import { comparisonNotes, comparisonTables, type Table } from '../compare/formats.js';
import { type Config, configKeys } from '../config.js';
import type { Arm } from '../results/arm.js';
import type { FoundRun } from '../runs/reading.js';
import { describeCommit } from '../runs/record.js';
import { curvesOf, defaultColumns } from './curves.js';
import { figureSpec } from './figure.js';
import {
  escapeHtml,
  figureElement,
  figurePolicy,
  figureScripts,
  figureStyle,
  figureUsage,
} from './figure-html.js';
import { verdictColors } from './figure-style.js';
import { fontFamily } from './font.js';
import { forestSpec, forestUsage } from './forest.js';

/** What the page is made of. */
export interface PageInput {
  readonly title: string;
  readonly about: string | null;
  readonly arms: readonly Arm[];
  readonly comparison: Comparison;
  /** When the plan was frozen, and what was added to it, as a sentence. */
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

/** @returns one HTML document, which loads nothing */
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
${comparisonTables(comparison).map(htmlTable).join('\n')}
<div class="small">${list(comparisonNotes(comparison))}</div>
<h2>Learning curves</h2>
${figureElement(figure, 'curves')}
<p class="small usage">${escapeHtml(figureUsage)}</p>
<h2>Configs</h2>
${htmlTable(differing)}
<details><summary>What all arms share</summary>
<div class="left">${htmlTable(shared)}</div>
</details>
<h2>Environment</h2>
<div class="left">${htmlTable(environmentTable(found))}</div>
</body>
</html>
`;
}

/** What all arms share, and in which keys they differ. */
function configTables(arms: readonly Arm[]): { differing: Table; shared: Table } {
  const keys = configKeys.filter((key) => !['seed', 'threads', 'data'].includes(key));
  const differs = (key: keyof Config): boolean =>
    arms.some(({ config }) => config[key] !== arms[0].config[key]);
  const varied = keys.filter(differs);
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
      ...keys.filter((key) => !differs(key)).map((key) => [key, written(arms[0].config[key])]),
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

function htmlTable([head, ...rows]: Table): string {
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

function environmentTable(found: readonly FoundRun[]): Table {
  const records = found.map(({ record }) => record);
  const of = (read: (record: FoundRun['record']) => string): string => tally(records.map(read));
  const started = records.map(({ started_at }) => started_at).sort();
  const checksums = Object.entries(records[0]?.data.checksums ?? {});
  return [
    ['', ''],
    ['runs', String(records.length)],
    ['started', `${started[0]} to ${started.at(-1)}`],
    ['device', of(({ device }) => device)],
    ['arithmetic', of(({ arithmetic }) => arithmetic)],
    ['kernel build', of(({ kernel }) => kernel)],
    ['git commit', of(describeCommit)],
    ...Object.keys(records[0]?.versions ?? {}).map((name) => [
      name,
      of(({ versions }) => versions[name] ?? 'none'),
    ]),
    ...checksums.map(([file, sha256]) => [file, `sha256 ${sha256}`]),
  ];
}

/** Every value that occurs, with how many runs have it. */
function tally(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  if (counts.size === 1) return values[0];
  return [...counts].map(([value, count]) => `${value} (${count})`).join(', ');
}
