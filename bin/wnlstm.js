#!/usr/bin/env node
import { existsSync } from 'node:fs';

const cli = new URL('../dist/cli.js', import.meta.url);
if (existsSync(cli)) {
  const { main } = await import(cli);
  process.exitCode = await main();
} else {
  process.stderr.write('wnlstm is not built yet. Build it with `npm run build`.\n');
  process.exitCode = 2;
}
