/** @file The files that come with the program, known by their names: configs, sweep files and documents. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from './errors.js';
import { isDirectory } from './files.js';
import { packageRoot } from './package.js';
import { nearest } from './text/nearest.js';

const FOLDERS = {
  config: { folder: 'configs', ending: '.json' },
  'sweep file': { folder: 'configs/sweeps', ending: '.json' },
  document: { folder: 'docs', ending: '.md' },
} as const;

export type BundledKind = keyof typeof FOLDERS;

/** The names of the bundled files of a kind, such as `smoke` for `configs/smoke.json`. */
export function bundledNames(kind: BundledKind): string[] {
  const { folder, ending } = FOLDERS[kind];
  const path = join(packageRoot, folder);
  return (isDirectory(path) ? readdirSync(path) : [])
    .filter((name) => name.endsWith(ending) && name !== 'schema.json')
    .map((name) => name.slice(0, -ending.length))
    .sort();
}

/**
 * The path of a bundled file.
 *
 * @throws {UserError} E_USAGE if no bundled file has that name
 */
export function bundledPath(kind: BundledKind, name: string): string {
  const names = bundledNames(kind);
  const { folder, ending } = FOLDERS[kind];
  if (names.includes(name)) return join(packageRoot, folder, `${name}${ending}`);
  throw new UserError('E_USAGE', `There is no ${kind} called ${name}${nearest(name, names)}.`, {
    hint: `The bundled ${kind}s are ${names.join(', ')}.`,
  });
}

/**
 * The path of a file that the user named by its path or, if no such file exists, by the name of a bundled file.
 *
 * @throws {UserError} E_USAGE if it is a plain name, and neither a file nor a bundled file has it
 */
export function pathOrBundled(kind: BundledKind, text: string): string {
  const isName = /^[\w-]+$/.test(text);
  return isName && (!existsSync(text) || isDirectory(text)) ? bundledPath(kind, text) : text;
}
