/** @file `wnlstm verify`: checks the files of runs without training. */
import { basename } from 'node:path';
import { EXIT } from '../errors.js';
import { runDirectories } from '../runs/run.js';
import { type Verification, verifyRun } from '../train/verify.js';
import type { Problem } from '../train/verify-rows.js';
import { plural } from './format.js';
import type { Configure, Io } from './io.js';
import { addRunsOption } from './options.js';

const describeProblem = ({ file, line, message }: Problem): string =>
  `  ${file}${line === null ? '' : `:${line}`}: ${message}`;

const describe = (
  { directory, status, steps, weightsSha256, hashRecorded, problems }: Verification,
  io: Io,
): string => {
  const { bold, green, red, dim } = io.outColor;
  const name = bold(basename(directory));
  if (problems.length > 0) return [`${red('damaged')} ${name}`, ...problems.map(describeProblem)].join('\n');
  const weights = weightsSha256 ? `, weights ${weightsSha256.slice(0, 16)}` : '';
  const recorded = weightsSha256 && !hashRecorded ? ' (no hash is recorded)' : '';
  return `${green('ok')}      ${name} ${dim(`${status}, ${plural(steps, 'step')}${weights}${recorded}`)}`;
};

export const configureVerify: Configure = (command, io) => {
  command.argument('<runs...>', 'runs (folders, ids or starts of ids), sweeps, or folders of runs');
  addRunsOption(command)
    .option('--json', 'print the findings as one line of JSON')
    .action((names: string[], options: { runs: string; json?: boolean }) => {
      const directories = new Set(names.flatMap((name) => runDirectories(options.runs, name)));
      const findings = [...directories].map(verifyRun);
      const damaged = findings.filter(({ problems }) => problems.length > 0).length;
      if (damaged > 0) io.exit(EXIT.refused);
      if (options.json) {
        io.out(JSON.stringify({ runs: findings.length, damaged, findings }));
        return;
      }
      for (const finding of findings) io.out(describe(finding, io));
      if (findings.length > 1) io.out(`${plural(findings.length, 'run')}, ${damaged} damaged`);
    });
};
