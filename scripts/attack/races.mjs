// Attacks on the lock: several processes start the same run at the same time, are delayed while they take the lock, or lose
// it while they are suspended.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { faultEnvironment, parseLog } from './fault.mjs';
import { bytesOf, hasBytes, leftovers, saysWhatHappened } from './laws.mjs';
import { runOutside, start } from './program.mjs';

const PROCESSES = 4;
const EPOCHS = ['--epochs', '40'];

/** The locks that a crash can leave behind. */
const LEFT = {
  'no lock': () => null,
  'a dead lock': () => JSON.stringify({ ...mine(), pid: process.pid, started: '0' }),
  'an incomplete lock': (random) => LEFT['a dead lock']().slice(0, random.below(60)),
  'an empty lock': () => '',
};
const mine = () => ({
  host: readFileSync('/proc/sys/kernel/hostname', 'utf8').trim(),
  boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
});

/** Waits until a process is suspended by a signal, or has ended. */
const untilPaused = async (child) => {
  for (let waited = 0; child.exitCode === null && child.signalCode === null && waited < 30_000; waited += 5) {
    try {
      if (/\) T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8'))) return;
    } catch {
      return;
    }
    await sleep(5);
  }
};

export const prepareRaces = async (scene) => {
  const runs = scene.fresh('race');
  const { code, err } = await runOutside(scene.training(runs, ...EPOCHS));
  if (code !== 0) throw new Error(`the uninterrupted run ended with ${code}: ${err}`);
  const id = readdirSync(runs)[0];
  return { id, expected: bytesOf(join(runs, id)) };
};

const prepareFolder = (scene, { id }, lock) => {
  const runs = scene.fresh('race');
  const run = join(runs, id);
  mkdirSync(run);
  if (lock !== null) writeFileSync(join(run, 'lock'), lock);
  return { runs, run, argv: scene.training(runs, ...EPOCHS).filter((word) => word !== '--quiet') };
};

/** Checks that exactly one process trained, that the others were refused or printed the result, and the run's bytes. */
const onlyOneTrained = (results, run, expected) => {
  const trained = results.filter(({ err }) => /^epoch +1\//m.test(err)).length;
  return [
    ...results.flatMap((result) => saysWhatHappened('one of several', result, [0, 2])),
    ...results
      .filter(
        ({ code, err }) => code === 2 && !/is in use by process \d+|does not write to it any more/.test(err),
      )
      .map(({ err }) => `refused for another reason: ${err}`),
    ...(trained === 1 ? [] : [`expected that one process trains, got ${trained}`]),
    ...hasBytes(run, expected),
    ...leftovers(run),
  ];
};

const simultaneousStarts = (scene, race, left, random) => ({
  part: 'several processes start the same run at the same time',
  title: `${PROCESSES} processes, ${left}`,
  attack: async () => {
    const { runs, run, argv } = prepareFolder(scene, race, LEFT[left](random));
    // Each is suspended before its first operation on the lock; then all continue together.
    const held = faultEnvironment(scene.library, { path: join(run, 'lock'), how: 'pause', at: 1 });
    const processes = Array.from({ length: PROCESSES }, () => start(argv, held));
    await Promise.all(processes.map(({ child }) => untilPaused(child)));
    for (const { child } of processes) child.kill('SIGCONT');
    const results = await Promise.all(processes.map(({ ended }) => ended));
    const problems = onlyOneTrained(results, run, race.expected);
    rmSync(runs, { recursive: true, force: true });
    return problems;
  },
});

const delayedStart = (scene, race, left, at, random) => ({
  part: 'a process is delayed while it takes the lock, and another one starts',
  title: `delayed before operation ${at} on the lock, ${left}`,
  attack: async () => {
    const { runs, run, argv } = prepareFolder(scene, race, LEFT[left](random));
    const held = faultEnvironment(scene.library, { path: join(run, 'lock'), how: 'pause', at });
    const first = start(argv, held);
    await untilPaused(first.child);
    const second = start(argv);
    await Promise.race([second.ended, sleep(500 + random.below(1500))]);
    first.child.kill('SIGCONT');
    const results = await Promise.all([first.ended, second.ended]);
    const problems = onlyOneTrained(results, run, race.expected);
    rmSync(runs, { recursive: true, force: true });
    return problems;
  },
});

/** The write to which an operation belongs: a row, the replacement of a file, or a checkpoint. */
const writeOf = (path, run) => {
  const name = path.slice(run.length + 1).replace(/\.[0-9a-f]{8}\.tmp/, '');
  return name.startsWith('checkpoints') ? 'checkpoint' : name;
};

/**
 * Suspends the owner before an operation, and gives the lock to another owner before it continues. It may complete the write
 * that it had started, but must not start another. Rows are synced as part of the checkpoint to which they belong.
 */
const lostLock = (scene, session, { number, kind }) => ({
  part: 'the owner is suspended and loses its lock',
  kind,
  title: `${session.name}, suspended before operation ${number}: ${kind}`,
  attack: async () => {
    const runs = scene.copy(session.from);
    const run = join(runs, scene.id);
    const log = `${runs}.log`;
    const fault = { path: run, how: 'pause', at: number, log };
    const owner = start(scene.training(runs, ...session.more), faultEnvironment(scene.library, fault));
    await untilPaused(owner.child);
    const lock = `${JSON.stringify({ ...mine(), host: 'another', pid: 1, started: '1' })}\n`;
    const wasLocked = existsSync(join(run, 'lock'));
    if (wasLocked) writeFileSync(join(run, 'lock'), lock);
    owner.child.kill('SIGCONT');
    const result = await owner.ended;
    const operations = existsSync(log) ? parseLog(readFileSync(log, 'utf8')) : [];
    const writes = operations
      .filter(({ path, name }) => !path.includes('/lock') && !(name === 'fsync' && path.endsWith('.csv')))
      .filter(({ name, path }) => !(name === 'fsync-folder' && path === run))
      .map(({ path }) => writeOf(path, run));
    const started = new Set(writes);
    const isKept =
      !wasLocked || (existsSync(join(run, 'lock')) && readFileSync(join(run, 'lock'), 'utf8') === lock);
    rmSync(runs, { recursive: true, force: true });
    rmSync(log, { force: true });
    const isLast = result.code === 0; // it had nothing more to write
    return [
      ...saysWhatHappened('an owner without its lock', result, [0, 1, 2]),
      ...(started.size <= 1 ? [] : [`it continues to write ${[...started].join(', ')}`]),
      ...(isKept ? [] : ["it removed the new owner's lock"]),
      ...(isLast || !wasLocked || /taken over by process 1 on another|is in use by process 1/.test(result.err)
        ? []
        : [`it does not name the new owner: ${result.err}`]),
    ];
  },
});

export function* raceCases(scene, race, random) {
  const lefts = Object.keys(LEFT);
  const points = random.shuffle(
    scene.sessions.flatMap((session) =>
      session.operations
        .filter(({ name, path }) => !path.includes('/lock') && !(name === 'mkdir' && path.endsWith(scene.id)))
        .filter(({ name, path }) => name !== 'write' || !path.endsWith('.safetensors')) // part of one write, as is its fsync
        .map((operation) => lostLock(scene, session, operation)),
    ),
  );
  for (let round = 0; ; round++) {
    yield simultaneousStarts(scene, race, lefts[round % lefts.length], random);
    yield delayedStart(scene, race, lefts[(round >> 1) % lefts.length], 1 + (round % 5), random);
    yield* points.splice(0, 6);
  }
}
