/** @file `wnlstm config schema`: prints the JSON Schema of config files, which is also in configs/schema.json. */

import { configJsonSchema } from '../config.js';
import { EXIT } from '../errors.js';
import { toJson } from '../files.js';
import type { Configure } from '../terminal/io.js';

export const configure: Configure = (command, io, run) => {
  command
    .command('schema')
    .summary('print the JSON Schema of config files')
    .description('Print the JSON Schema of config files, which editors use for completion.')
    .action(
      run(() => {
        io.out(toJson(configJsonSchema()).trimEnd());
        return EXIT.done;
      }),
    );
};
