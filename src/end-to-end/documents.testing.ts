/** @file Reads the documents of the project: their text, their commands and their inline code. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package.js';

/** The names of the pages in docs/. */
export const pages = readdirSync(join(packageRoot, 'docs')).filter((name) => name.endsWith('.md'));
/** The paths of all documents. */
export const documents = [
  'README.md',
  'README.ja.md',
  'runs/README.md',
  'src/README.md',
  'scripts/peers/README.md',
  ...pages.map((name) => `docs/${name}`),
];
/** The text of each document. */
export const texts = new Map(documents.map((name) => [name, readFileSync(join(packageRoot, name), 'utf8')]));

/** A line of a block of code that is marked `sh`. */
export interface Line {
  readonly document: string;
  readonly text: string;
}

/** The lines of a document's `sh` blocks. */
export function shellLines(document: string): Line[] {
  const blocks = [...texts.get(document)!.matchAll(/^```sh\n(.*?)^```$/gms)];
  return blocks.flatMap(([, block]) =>
    block!
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((text) => text.trim() !== '')
      .map((text) => ({ document, text })),
  );
}

/** The inline code of a document. */
export function inlineCode(document: string): string[] {
  const prose = texts.get(document)!.replace(/^```.*?^```$/gms, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
}

/** The arguments of a `wnlstm` command line as a shell passes them, without comment, pipe and redirection. */
export function argumentsOf(text: string): string[] {
  const command = text.replace(/\s+[#|>]\s.*$/, '');
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].slice(1).map(([, quoted, plain]) => quoted ?? plain!);
}
