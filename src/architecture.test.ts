/** @file Tests the rules of the architecture: imports, packages, output and randomness. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from './package.js';

const source = join(packageRoot, 'src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(ts|c|h)$/.test(name))
  .map((name) => name.replaceAll('\\', '/'));
const typescript = files.filter((name) => name.endsWith('.ts'));
const shipped = typescript.filter((name) => !/\.(test|testing|d)\.ts$/.test(name));

function textOf(name: string): string {
  return readFileSync(join(source, name), 'utf8');
}

/** The layers from bottom to top. A file may import its own folder and lower layers. */
const LAYERS = [
  ['text'],
  [
    'bundled-files.ts',
    'errors.ts',
    'rng.ts',
    'config.ts',
    'config-file.ts',
    'cores.ts',
    'files.ts',
    'package.ts',
    'signals.ts',
    'threads.ts',
  ],
  ['model'],
  ['data', 'runs'],
  ['tensorflow'],
  ['engines'],
  ['train'],
  ['bench', 'evaluate', 'sweep', 'verify'],
  ['slurm'],
  ['results'],
  ['compare', 'export'],
  ['figures'],
  ['terminal'],
  ['web'],
  ['commands'],
  ['cli.ts'],
];

/** The folder of a file. The files directly in src/ count as one folder. */
function folderOf(name: string): string {
  return LAYERS[1]!.includes(name) ? '.' : name.split('/')[0]!;
}

function layerOf(name: string): number {
  const layer = LAYERS.findIndex((members) => members.includes(name.split('/')[0]!));
  assert.notEqual(layer, -1, `${name} belongs to no layer`);
  return layer;
}

function importsOf(name: string): string[] {
  return [...textOf(name).matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1]!);
}

test('a file imports only its own folder and lower layers', () => {
  for (const name of shipped) {
    for (const imported of importsOf(name).filter((path) => path.startsWith('.'))) {
      const target = relative(source, normalize(join(source, dirname(name), imported))).replace(
        /\.js$/,
        '.ts',
      );
      const sameFolder = folderOf(target) === folderOf(name);
      assert.ok(sameFolder || layerOf(target) < layerOf(name), `${name} imports ${target}`);
    }
  }
});

test('each package is imported only in its folder', () => {
  const homes: [RegExp, RegExp][] = [
    [/^@tensorflow\//, /^(engines\/(autodiff|tensorflow)|tensorflow)\//],
    [/^koffi$/, /^(engines\/(cuda|fused)|tensorflow)\//],
    [/^(commander|@commander-js\/extra-typings|cli-progress|chalk)$/, /^(commands\/|terminal\/|cli\.ts$)/],
    [/^(vega|vega-lite|@resvg\/resvg-js)$/, /^figures\/figure-files\.ts$/],
    [/^pngjs$/, /^data\/png\.ts$/],
    [/^jstat$/, /^compare\/(stats|power)\.ts$/],
    [/^zod$/, /^(config|sweep\/(grid|slurm-keys))\.ts$/],
  ];
  for (const name of shipped) {
    for (const imported of importsOf(name)) {
      for (const [packageName, home] of homes) {
        assert.ok(!packageName.test(imported) || home.test(name), `${name} imports ${imported}`);
      }
    }
  }
});

test('only cli.ts uses argv, the exit code and the console', () => {
  for (const name of shipped.filter((file) => file !== 'cli.ts')) {
    assert.doesNotMatch(textOf(name), /\bconsole\.|process\.(argv|exit|stdout|stderr)\b/, name);
  }
});

test('only rng.ts is a source of random numbers, except for the names of temporary files and the token of the page', () => {
  for (const name of shipped.filter((file) => !['files.ts', 'web/access.ts'].includes(file)))
    assert.doesNotMatch(textOf(name), /Math\.random|randomBytes|randomUUID/, name);
});

test('every file has a description and at most 300 lines', () => {
  for (const name of files) {
    const text = textOf(name);
    assert.match(
      text,
      name.endsWith('.ts') ? /^\/\*\*(\n \*)? @file / : /^\/\*/,
      `${name} has no @file line`,
    );
    assert.ok(text.split('\n').length <= 301, `${name} is too long`);
  }
});
