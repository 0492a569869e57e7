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
      'hint  Install it again with `npm ci`, or let it open more files with `ulimit -n`.\n',
    );
    process.exitCode = 2;
  }
} else {
  process.stderr.write(
    existsSync(inPackage('tsconfig.json'))
      ? 'wnlstm is not built yet. Build it with `npm run build`.\n'
      : 'This package of wnlstm lacks its compiled program. Make it anew in the clone with `npm run package`.\n',
  );
  process.exitCode = 2;
}
