/** @file `wnlstm config schema`: the JSON Schema of config files, as it lies in configs/schema.json. */

import { configJsonSchema } from '../config.js';
import { toJson } from '../files.js';
import type { Configure } from '../terminal/io.js';

export const configureConfig: Configure = (command, io) => {
  command
    .command('schema')
    .description('Print the JSON Schema of config files, for editors.')
    .action(() => io.out(toJson(configJsonSchema()).trimEnd()));
};
