/** @file `wnlstm data fetch`: downloads MNIST from a mirror, for users who want their own copy. */

import { join } from 'node:path';
import { fetchMnist } from '../data/fetch.js';
import { EXIT } from '../errors.js';
import { cacheDirectory } from '../package.js';
import type { Configure } from '../terminal/io.js';
import { parsePath } from '../terminal/options.js';
import { quoted, withProgramName } from '../terminal/shell.js';
import { plural } from '../text/plural.js';

export const configure: Configure = (command, io, run) => {
  command
    .command('fetch')
    .summary('download MNIST from a mirror and verify its checksums')
    .description('Download MNIST from a mirror and verify its checksums.')
    .requiredOption('--mirror <url>', 'HTTP address of a folder with the four .gz files')
    .option('--out <dir>', 'folder to write to (default: mnist in the cache folder)', parsePath)
    .action(
      run(async ({ mirror, out = join(cacheDirectory(), 'mnist') }) => {
        for await (const { name, bytes, fetched } of fetchMnist(mirror, out)) {
          io.err(
            `${name}  ${plural(bytes, 'byte')}, ${fetched ? 'downloaded and verified' : 'already downloaded'}`,
          );
        }
        io.err(withProgramName(`To train on it, run \`wnlstm train --data ${quoted(out)}\`.`));
        return EXIT.done;
      }),
    );
};
