// Attacks on workers: several `wnlstm work` share the folder of a sweep. Some run in containers of their own, where they can
// see each other only through their locks. They are killed at random moments, and one is suspended for longer than its lease.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesOf, hasBytes, leftovers, saysWhatHappened } from './laws.mjs';
import { runOutside, start } from './program.mjs';

/** Runs a command in a pid namespace of its own. */
const CONTAINER = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
export const canMakeContainers = () => spawnSync(CONTAINER[0], [...CONTAINER.slice(1), 'true']).status === 0;

/** Longer than a lock needs to look stale to a worker, and then to be watched. */
const SUSPENDED_MS = 140_000;
const LONGEST_MS = SUSPENDED_MS + 120_000;

/** A process and all its descendants. */
const treeOf = (pid) => {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return [pid, ...children.flatMap((child) => treeOf(Number(child)))];
  } catch {
    return []; // it has ended
  }
};

const planned = async (scene, sweep) => {
  const runs = scene.fresh('work');
  mkdirSync(runs, { recursive: true });
  const { code, err } = await runOutside([...sweep.argv(runs), '--plan-only']);
  if (code !== 0) throw new Error(`--plan-only ended with ${code}: ${err}`);
  const [name] = readdirSync(runs);
  return { runs, folder: join(runs, name) };
};

const worker = (folder, prefix = []) =>
  start(['work', folder, '--jobs', '1', '--threads', '1', '--quiet'], {}, prefix, LONGEST_MS);

/** How often a log says that its run was completed. */
const completions = (folder, id) =>
  readFileSync(join(folder, id, 'log.txt'), 'utf8').split(/ completed\n/).length - 1;

/** Every run has the bytes of an uninterrupted sweep, and was completed once. */
const checkFolder = ({ folder }, { expected }) => [
  ...[...expected].flatMap(([id, bytes]) => [
    ...hasBytes(join(folder, id), bytes).map((problem) => `${id}: ${problem}`),
    ...(completions(folder, id) === 1 ? [] : [`${id} was completed ${completions(folder, id)} times`]),
  ]),
  ...leftovers(folder),
];

export function* workerCases(scene, sweep, random) {
  const containers = canMakeContainers();
  for (let number = 1; ; number++) {
    const count = 2 + random.below(3);
    const kills = 1 + random.below(count + 2);
    yield {
      part: 'workers on one folder are killed at random',
      title: `${count} workers, ${kills} kills (${number})`,
      attack: async () => {
        const place = await planned(scene, sweep);
        const at = (index) => (containers && index === 0 ? CONTAINER : []);
        let workers = Array.from({ length: count }, (_, index) => worker(place.folder, at(index)));
        for (let kill = 0; kill < kills; kill++) {
          await sleep(sweep.usualMs * random.next() * 0.3);
          const index = random.below(workers.length);
          workers[index].child.kill('SIGKILL');
          await workers[index].ended;
          workers[index] = worker(place.folder);
        }
        const problems = [];
        for (const result of await Promise.all(workers.map(({ ended }) => ended)))
          problems.push(...saysWhatHappened('a worker at the end', result, [0]));
        workers = [];
        problems.push(...checkFolder(place, sweep));
        rmSync(place.runs, { recursive: true, force: true });
        return problems;
      },
    };
    if (containers && number % 4 === 0) yield suspended(scene, sweep, random, number);
  }
}

/** A worker that is suspended for longer than its lease has lost its run, and must not write to it when it continues. */
const suspended = (scene, sweep, random, number) => ({
  part: 'a worker in a container is suspended for longer than its lease, and continues',
  title: `suspended (${number})`,
  attack: async () => {
    const place = await planned(scene, sweep);
    const first = worker(place.folder, CONTAINER);
    await sleep(sweep.usualMs * (0.3 + random.next() * 0.4));
    const inside = treeOf(first.child.pid);
    for (const pid of inside) process.kill(pid, 'SIGSTOP');
    const second = worker(place.folder);
    await sleep(SUSPENDED_MS);
    const before = new Map([...sweep.expected.keys()].map((id) => [id, bytesOf(join(place.folder, id))]));
    for (const pid of inside) process.kill(pid, 'SIGCONT');
    const results = await Promise.all([first.ended, second.ended]);
    const problems = [...saysWhatHappened('the other worker', results[1], [0])];
    for (const [id, bytes] of before)
      problems.push(
        ...hasBytes(join(place.folder, id), bytes).map((problem) => `${id} after the end: ${problem}`),
      );
    problems.push(...checkFolder(place, sweep));
    rmSync(place.runs, { recursive: true, force: true });
    return problems;
  },
});
