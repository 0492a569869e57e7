// Attacks on sweeps: the parent, its children or both are killed or stopped at random moments, until the sweep is complete.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { faultEnvironment } from './fault.mjs';
import { bytesOf, hasBytes, leftovers, saysWhatHappened } from './laws.mjs';
import { runOutside, start } from './program.mjs';

const NAME = 'attacked';

/** The child processes of a process, which may have ended. */
const childrenOf = (pid) => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

const send = (pid, signal) => {
  try {
    process.kill(pid, signal);
  } catch {
    // the process has ended
  }
};

const runsOf = (folder) =>
  readdirSync(folder).filter((name) => existsSync(join(folder, name, 'config.json')));

/** Prepares a sweep of four runs, and runs it once without attacks for the expected bytes. */
export const prepareSweep = async (scene) => {
  const file = join(scene.scratch, 'sweep.json');
  const base = { units: 4, batch: 10, lr: 0.05, logEvery: 3, epochs: 20, backend: 'wasm', data: scene.data };
  const arms = { plain: { model: 'base' }, clipped: { clip: 0.5 } };
  writeFileSync(file, JSON.stringify({ name: NAME, base, arms, seeds: 2 }));
  const argv = (runs) => ['sweep', file, '--runs', runs, '--jobs', '2', '--threads', '2', '--quiet'];
  const runs = scene.fresh('sweep');
  const started = performance.now();
  const { code, err } = await runOutside(argv(runs));
  if (code !== 0) throw new Error(`the uninterrupted sweep ended with ${code}: ${err}`);
  const folder = join(runs, NAME);
  const expected = new Map(runsOf(folder).map((id) => [id, bytesOf(join(folder, id))]));
  return { argv, expected, usualMs: performance.now() - started };
};

/** Runs the commands that must be able to read a sweep at any time. */
const readSweep = async (inside, runs) => {
  const folder = join(runs, NAME);
  if (!existsSync(folder)) return [];
  const commands = [
    ['ls', ['ls', '--runs', runs], [0]],
    ['compare', ['compare', folder, '--runs', runs], [0, 2]],
    ['plot', ['plot', folder, '--format', 'text', '--runs', runs], [0, 2]],
    ...(runsOf(folder).length > 0 ? [['verify', ['verify', folder, '--runs', runs], [0]]] : []),
  ];
  const problems = [];
  for (const [what, argv, codes] of commands)
    problems.push(...saysWhatHappened(`${what} of the sweep`, await inside.run(argv), codes));
  return problems;
};

const MOST_KILLS = 5;
const MOST_OPERATIONS = 180; // about the number of operations of a run

/** Gives the parent and each child the same fault, each at its own operation with the same number. */
const attackOperation = async (scene, runs, { argv }, random) => {
  const how = random.pick(['kill-before', 'kill-half', 'kill-after', 'stop', 'fail', 'fail-on']);
  const fault = { path: runs, how, at: 1 + random.below(MOST_OPERATIONS), errno: constants.errno.ENOSPC };
  const result = await start(argv(runs), faultEnvironment(scene.library, fault)).ended;
  if (result.signal === 'SIGKILL' && how.startsWith('kill')) return [];
  const what = `the sweep with ${how} at operation ${fault.at}`;
  return saysWhatHappened(what, result, [0, 1, 2, 75], /failed|^error \S.*\.$/m);
};

const attackProcesses = async (runs, { argv, usualMs }, random) => {
  const { child, ended } = start(argv(runs));
  const target = random.pick(['parent', 'children', 'both']);
  const signal = random.pick(['SIGKILL', 'SIGTERM']);
  await Promise.race([sleep(usualMs * (0.1 + random.next())), ended]);
  const children = child.exitCode === null ? childrenOf(child.pid) : [];
  if (target !== 'parent') for (const pid of children) send(pid, signal);
  if (target !== 'children') child.kill(signal);
  const result = await ended;
  const what = `${signal} to ${target}`;
  if (result.signal)
    return result.signal === 'SIGKILL' || signal === 'SIGTERM' ? [] : [`${what}: ended by ${result.signal}`];
  return saysWhatHappened(what, result, [0, 1, 75], /failed/);
};

export function* sweepCases(scene, sweep, random) {
  for (let number = 1; ; number++) {
    const kills = 1 + random.below(MOST_KILLS);
    yield {
      part: 'a sweep whose processes are killed or stopped at random',
      title: `sweep ${number}, killed ${kills} times`,
      attack: async ({ inside }) => {
        const runs = scene.fresh('sweep');
        mkdirSync(runs, { recursive: true });
        const problems = [];
        for (let kill = 0; kill < kills; kill++) {
          const isOperation = random.below(3) === 0;
          problems.push(
            ...(isOperation
              ? await attackOperation(scene, runs, sweep, random)
              : await attackProcesses(runs, sweep, random)),
          );
          problems.push(...(await readSweep(inside, runs)));
        }
        const last = await runOutside(sweep.argv(runs));
        problems.push(...saysWhatHappened('the sweep at the end', last, [0]));
        const folder = join(runs, NAME);
        for (const [id, expected] of sweep.expected)
          problems.push(...hasBytes(join(folder, id), expected).map((problem) => `${id}: ${problem}`));
        problems.push(...(await readSweep(inside, runs)), ...leftovers(folder));
        rmSync(runs, { recursive: true, force: true });
        return problems;
      },
    };
  }
}
