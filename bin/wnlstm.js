#!/usr/bin/env node
import { existsSync } from 'node:fs';

const inPackage = (path) => new URL(`../${path}`, import.meta.url);
const cli = inPackage('dist/cli.js');
if (existsSync(cli)) {
  const { main } = await import(cli);
  process.exitCode = await main();
} else {
  process.stderr.write(
    existsSync(inPackage('tsconfig.json'))
      ? 'wnlstm is not built yet. Build it with `npm run build`.\n'
      : 'This package of wnlstm lacks its compiled program. Make it anew in the clone with `npm run package`.\n',
  );
  process.exitCode = 2;
}
