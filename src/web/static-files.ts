/** @file The files of the page: HTML, CSS, its compiled modules, and uPlot. Only these are served. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.js';
import { packageRoot } from '../package.js';

/** A file as it is served. */
export interface StaticFile {
  readonly type: string;
  readonly content: Buffer;
}

const TYPES = { html: 'text/html', css: 'text/css', js: 'text/javascript' } as const;

/**
 * All files by their paths below the token; the path of the page itself is empty.
 *
 * @throws {UserError} E_IO if the page is not built
 */
export function readStaticFiles(): ReadonlyMap<string, StaticFile> {
  const sources = join(packageRoot, 'src/web/page');
  const modules = ['page', 'shared'].flatMap(modulesIn);
  const uplot = fileURLToPath(new URL('.', import.meta.resolve('uplot')));
  return new Map([
    ['', withPreloads(file(join(sources, 'index.html'), 'html'), modules)],
    ...readdirSync(join(sources, 'style')).map((name): [string, StaticFile] => [
      `style/${name}`,
      file(join(sources, 'style', name), 'css'),
    ]),
    ['uplot.css', file(join(uplot, 'uPlot.min.css'), 'css')],
    ['uplot.js', file(join(uplot, 'uPlot.iife.min.js'), 'js')],
    ...modules,
  ]);
}

/** The page that asks for all modules at once, instead of each after the one that imports it. */
function withPreloads({ type, content }: StaticFile, modules: readonly [string, StaticFile][]): StaticFile {
  const links = modules.map(([path]) => `<link rel="modulepreload" href="${path}">`).join('\n');
  return { type, content: Buffer.from(content.toString().replace('<!-- modules -->', links)) };
}

function modulesIn(folder: string): [string, StaticFile][] {
  const directory = fileURLToPath(new URL(folder, import.meta.url));
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    throw new UserError('E_IO', `The page is not built: ${directory} is missing.`, {
      hint: 'Build it with `npm run build`.',
      cause: error,
    });
  }
  return names
    .filter((name) => /^[a-z-]+\.js$/.test(name))
    .map((name) => [`${folder}/${name}`, file(join(directory, name), 'js')]);
}

function file(path: string, type: keyof typeof TYPES): StaticFile {
  return { type: `${TYPES[type]}; charset=utf-8`, content: readFileSync(path) };
}
