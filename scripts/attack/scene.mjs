// Creates the runs to attack: a data set of 60 examples, and runs in the states in which attacks start.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeTinyDataset } from '../../dist/data/idx.testing.js';
import { buildFault, parseLog } from './fault.mjs';
import { bytesOf, orderProblems } from './laws.mjs';
import { runOutside } from './program.mjs';

/** A random number generator with a seed (mulberry32). */
export const randomFrom = (seed) => {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit) => Math.floor(next() * limit);
  const pick = (list) => list[below(list.length)];
  const shuffle = (list) => {
    const mixed = [...list];
    for (let at = mixed.length - 1; at > 0; at--) {
      const other = below(at + 1);
      [mixed[at], mixed[other]] = [mixed[other], mixed[at]];
    }
    return mixed;
  };
  return { next, below, pick, shuffle };
};

/** The name and path of an operation, without the parts that differ between runs. */
export const kindOf = ({ name, path }, run) =>
  `${name} ${
    path
      .slice(path.indexOf(run) + run.length + 1)
      .replace(/\.[0-9a-f]{8}\b/, '')
      .replace(/step-\d+/, 'step') || '.'
  }`;

/**
 * Creates everything that the attacks start from.
 *
 * @param {string} scratch an empty folder
 */
export const createScene = async (scratch) => {
  const library = buildFault(scratch);
  const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 60, test: 20, classes: 4 });
  const sizes = { units: 4, batch: 10, lr: 0.05, 'log-every': 3, threads: 1 };
  /** @param {string} runs @param {string[]} more */
  const training = (runs, ...more) => [
    'train',
    ...Object.entries({ data, runs, ...sizes, backend: 'wasm' }).flatMap(([key, value]) => [
      `--${key}`,
      String(value),
    ]),
    '--quiet',
    ...more,
  ];
  const epochs3 = ['--epochs', '3'];
  const must = async (argv, codes, fault) => {
    const result = await runOutside(argv, library, fault);
    if (!codes.includes(result.code)) throw new Error(`${argv.join(' ')}: ${result.code} ${result.err}`);
    return result;
  };
  const template = (name) => join(scratch, name);

  const empty = template('empty');
  await must(training(empty, ...epochs3, '--seed', '1'), [0]);
  const [other] = readdirSync(empty);
  const completed = template('completed');
  cpSync(empty, completed, { recursive: true });
  await must(training(completed, ...epochs3), [0]);
  const id = readdirSync(completed).find((name) => name !== other);
  const stopped = template('stopped');
  cpSync(empty, stopped, { recursive: true });
  // Stopped at the third row of steps.csv, which is step 9, in the middle of an epoch.
  const third = { path: `${id}/steps.csv`, only: 'write', how: 'stop', at: 4 };
  await must(training(stopped, ...epochs3), [143], third);

  /** The sessions to attack: the folder in which each starts, and its arguments. */
  const sessions = [
    { name: 'a new run', from: empty, more: epochs3 },
    { name: 'a resumed run', from: stopped, more: epochs3 },
    { name: 'a run that starts over', from: completed, more: [...epochs3, '--force'] },
  ];
  let folders = 0;
  const copy = (from) => {
    const runs = join(scratch, `runs-${folders++}`);
    cpSync(from, runs, { recursive: true });
    return runs;
  };
  for (const session of sessions) {
    const runs = copy(session.from);
    const log = join(scratch, 'log');
    await must(training(runs, ...session.more), [0], { path: join(runs, id), how: 'count', log });
    session.operations = parseLog(readFileSync(log, 'utf8')).map((operation) => ({
      ...operation,
      kind: kindOf(operation, id),
    }));
    const disordered = orderProblems(session.operations);
    if (disordered.length > 0) throw new Error(`${session.name}: ${disordered.slice(0, 3).join('; ')}`);
    rmSync(log);
    rmSync(runs, { recursive: true });
  }
  return {
    scratch,
    library,
    data,
    training,
    other,
    id,
    empty,
    stopped,
    completed,
    sessions,
    copy,
    expected: bytesOf(join(completed, id)),
    fresh: (name) => {
      const folder = mkdtempSync(join(scratch, `${name}-`));
      mkdirSync(folder, { recursive: true });
      return folder;
    },
  };
};
