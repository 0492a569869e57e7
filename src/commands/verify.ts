/** @file `wnlstm verify`: checks the files of runs, without training. */

import { setImmediate as turn } from 'node:timers/promises';
import { EXIT } from '../errors.js';
import { runDirectories, withoutFiles } from '../runs/find.js';
import type { Configure, Io } from '../terminal/io.js';
import { addRunsOption, parseRuns } from '../terminal/options.js';
import { plural } from '../text/plural.js';
import type { Problem } from '../verify/findings.js';
import { type Verification, verifyRun } from '../verify/verify.js';

/** The largest number of problems printed per run. `--json` prints all. */
const MOST_PROBLEMS = 20;

export const configure: Configure = (command, io, run) => {
  const withArgument = command.argument(
    '<runs...>',
    'runs (folders, ids or starts of ids), sweeps, or folders of runs',
    parseRuns,
  );
  addRunsOption(withArgument)
    .option('--json', 'print the findings as one line of JSON')
    .action(run((names, { runs, json }) => verifyRuns(names, runs, Boolean(json), io)));
};

async function verifyRuns(names: readonly string[], runs: string, json: boolean, io: Io): Promise<number> {
  const directories = new Set(withoutFiles(names).flatMap((name) => runDirectories(runs, name)));
  const findings: Verification[] = [];
  for (const directory of directories) {
    await turn(); // lets signals arrive
    io.signal.throwIfAborted();
    const finding = verifyRun(directory);
    findings.push(finding);
    if (!json) io.out(describe(finding, io));
  }
  const damaged = findings.filter(({ problems }) => problems.length > 0).length;
  io.out(
    json
      ? JSON.stringify({ runs: findings.length, damaged, findings: findings.map(toJson) })
      : `${plural(findings.length, 'run')}, ${damaged} damaged`,
  );
  return damaged > 0 ? EXIT.refused : EXIT.done;
}

function describe(
  { directory, status, steps, weightsSha256, hashRecorded, problems }: Verification,
  { outColor: { bold, green, red, dim } }: Io,
): string {
  const name = bold(directory);
  if (problems.length > 0) {
    const left = problems.length - MOST_PROBLEMS;
    return [
      `${red('damaged')} ${name}`,
      ...problems.slice(0, MOST_PROBLEMS).map(describeProblem),
      ...(left > 0 ? [`  and ${plural(left, 'more problem')}`] : []),
    ].join('\n');
  }
  const weights = weightsSha256 ? `, weights ${weightsSha256.slice(0, 8)}` : '';
  const recorded = status === 'completed' && !hashRecorded ? ' (no hash is recorded)' : '';
  return `${green('ok')}      ${name} ${dim(`${status}, ${plural(steps, 'step')}${weights}${recorded}`)}`;
}

function describeProblem({ file, line, message }: Problem): string {
  return `  ${file}${line === null ? '' : `:${line}`}: ${message}`;
}

/** A finding with the keys of `--json`, which are those of summary.json. */
function toJson({ directory, weightsSha256, hashRecorded, ...others }: Verification) {
  return {
    dir: directory,
    ...others,
    weights_sha256: weightsSha256,
    hash_recorded: hashRecorded,
  };
}
