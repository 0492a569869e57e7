/** @file What this package is and where it keeps things on this machine. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json. */
export const packageRoot = fileURLToPath(new URL('..', import.meta.url));

/** The version in package.json. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;

/** Where fetched libraries and data lie: `$XDG_CACHE_HOME/wnlstm`, else `~/.cache/wnlstm`. */
export const cacheDirectory = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'wnlstm');
