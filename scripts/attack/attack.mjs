// Attacks runs and sweeps, and checks that the three laws in laws.mjs hold, however a run ends:
// node scripts/attack/attack.mjs [--minutes N] [--seed S] [--parts kill,error,sweep,race,damage,work] [--lanes N]
// Needs a build, Linux with glibc, and cc. Prints each violation when it is found, and a table at the end. Exits with 1 if
// there was a violation.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { attack, PARTS, table } from './attacks.mjs';
import { cannotInject } from './fault.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    parts: { type: 'string', default: PARTS.join(',') },
    lanes: { type: 'string', default: String(availableParallelism()) },
  },
});
const print = (line) => process.stdout.write(`${line}\n`);
const reason = cannotInject();
if (reason) throw new Error(`The attacks need Linux with glibc and a compiler: ${reason}.`);

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-attack-'));
print(`seed ${values.seed}, ${values.minutes} minutes, ${values.lanes} at a time`);
try {
  const rows = await attack(scratch, {
    seed: Number(values.seed),
    parts: values.parts.split(','),
    lanes: Number(values.lanes),
    milliseconds: Number(values.minutes) * 60_000,
    onProblem: (title, problems) => print(`\n${title}\n  ${problems.join('\n  ')}`),
  });
  print(`\n${table(rows)}`);
  process.exitCode = [...rows.values()].some(({ problems }) => problems.length > 0) ? 1 : 0;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
