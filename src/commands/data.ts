/** @file `wnlstm data fetch`: MNIST from a mirror, for those who want their own copy. */

import { join } from 'node:path';
import { fetchMnist } from '../data/fetch.js';
import { cacheDirectory } from '../package.js';
import type { Configure } from '../terminal/io.js';
import { parsePath } from '../terminal/options.js';

export const configureData: Configure = (command, io) => {
  command
    .command('fetch')
    .description('Fetch MNIST from a mirror and check it.')
    .requiredOption('--mirror <url>', 'http address of a folder with the four .gz files')
    .option('--out <dir>', 'folder to put them in (default: mnist in the cache folder)', parsePath)
    .action(async ({ mirror, out = join(cacheDirectory(), 'mnist') }: { mirror: string; out?: string }) => {
      for await (const { name, bytes, fetched } of fetchMnist(mirror, out)) {
        io.err(
          `${name}  ${bytes.toLocaleString('en')} bytes, ${fetched ? 'fetched and checked' : 'was there already'}`,
        );
      }
      io.err(`Train on it with \`wnlstm train --data ${out}\`.`);
    });
};
