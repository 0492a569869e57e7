#!/usr/bin/env node
import { existsSync } from 'node:fs';

const inPackage = (path) => new URL(`../${path}`, import.meta.url);
const cli = inPackage('dist/cli.js');
if (existsSync(cli)) {
  try {
    const { main } = await import(cli);
    process.exitCode = await main();
  } catch (error) {
    if (error.code !== 'EMFILE' && error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const reason = error.code === 'EMFILE' ? 'too many files are open' : error.message.split('\n')[0];
    process.stderr.write(`error Could not load the program: ${reason}.\n`);
    process.stderr.write(
      'hint  Install it again with `npm ci`, or raise the limit of open files with `ulimit -n`.\n',
    );
    process.exitCode = 2;
  }
} else {
  process.stderr.write(
    existsSync(inPackage('tsconfig.json'))
      ? 'error wnlstm is not built yet.\nhint  Build it with `npm run build`.\n'
      : 'error This package of wnlstm does not contain the compiled program.\nhint  Create the package again with `npm run package`, in a clone of the repository.\n',
  );
  process.exitCode = 2;
}
