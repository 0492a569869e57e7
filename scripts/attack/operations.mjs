// Attacks on single file operations: the process is killed or stopped at each operation, or each operation fails.
import { readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { endOwner, endsAsUninterrupted, isReadable, saysWhatHappened, statusIn } from './laws.mjs';
import { runOutside } from './program.mjs';

/**
 * Sorts cases so that one of each kind comes first; a sample then contains every kind.
 *
 * @template {{ kind: string }} Case
 * @param {readonly Case[]} cases in any order
 * @returns {Case[]}
 */
export const oneOfEachFirst = (cases) => {
  const seen = new Map();
  const ranked = cases.map((each) => {
    const rank = seen.get(each.kind) ?? 0;
    seen.set(each.kind, rank + 1);
    return { each, rank };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ each }) => each);
};

/** The ways to kill or stop a process, with the operations to which each applies. */
const WAYS = {
  'kill-before': () => true,
  'kill-half': ({ name }) => name === 'write',
  'kill-after': ({ name }) => name !== 'write', // killing after a write is the same as before the next operation
  stop: () => true,
};

/** Attacks a copy of a session's folder, then checks laws 1 and 2. */
const inCopy = async (scene, session, inside, attack) => {
  const runs = scene.copy(session.from);
  const run = join(runs, scene.id);
  const argv = scene.training(runs, ...session.more);
  try {
    const problems = await attack({ runs, run, argv });
    if (problems.length > 0) return problems;
    const isDamaged = session.more.includes('--force'); // partly removed, so verify may find damage
    const read = await isReadable(inside, run, { other: scene.other, isDamaged });
    return [...read, ...(await endsAsUninterrupted(inside, argv, run, scene.expected))];
  } finally {
    rmSync(runs, { recursive: true, force: true });
  }
};

/** Checks law 3 for a process that received a stop signal. */
const stoppedOrDone = (run, result) => {
  const problems = saysWhatHappened('a stop', result, [0, 143]);
  const status = statusIn(run);
  if (problems.length === 0 && (result.code === 0) !== (status === 'completed'))
    return [`exit code ${result.code} of a run that is ${status}`];
  return problems;
};

export const killCases = (scene, random) => {
  const cases = scene.sessions.flatMap((session) =>
    Object.entries(WAYS).flatMap(([how, applies]) =>
      session.operations.filter(applies).map(({ number, kind }) => ({
        part: how === 'stop' ? 'SIGTERM before an operation' : 'SIGKILL before, during or after an operation',
        kind: `${how} ${kind}`,
        title: `${session.name}, ${how} at operation ${number}: ${kind}`,
        attack: ({ inside }) =>
          inCopy(scene, session, inside, async ({ run, argv }) => {
            const result = await runOutside(argv, scene.library, { path: run, how, at: number });
            if (how === 'stop') return stoppedOrDone(run, result);
            return result.signal === 'SIGKILL'
              ? []
              : [`expected SIGKILL, got ${result.code ?? result.signal}`];
          }),
      })),
    ),
  );
  return oneOfEachFirst(random.shuffle(cases));
};

const ERRORS = ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EMFILE'];
/** The errors of file systems that cannot sync folders; they must have no effect. */
const NO_SYNC = ['EINVAL', 'ENOTSUP'];

/** Checks law 3 for a process in which an operation failed: it ends with 0 only for a complete run, otherwise with an error message. */
const failedOrDone = (run, before, result, { kind, mayFail }) => {
  const problems = saysWhatHappened('a fault', result, mayFail ? [0, 1, 2] : [0]);
  if (problems.length > 0) return problems;
  const status = statusIn(run);
  if (result.code === 0 && status !== 'completed') return [`exit code 0 of a run that is ${status}`];
  if (result.code === 2 && recordIn(run) !== before)
    return ['exit code 2, nothing started, but run.json changed'];
  // After the last rename only the sync is missing; if that fails, the run is not a success.
  if (result.code === 1 && status === 'completed' && !/fsync|run\.json/.test(kind))
    return ['exit code 1 of a run that is completed'];
  return [];
};

const recordIn = (run) => {
  try {
    return readFileSync(join(run, 'run.json'), 'utf8');
  } catch {
    return null;
  }
};

export const errorCases = (scene, random) => {
  const cases = scene.sessions.flatMap((session) =>
    session.operations.flatMap(({ number, name, kind }) => [
      ...ERRORS.flatMap((error) =>
        ['fail', 'fail-on'].map((how) => ({ session, number, kind, error, how, mayFail: true })),
      ),
      ...(name === 'fsync-folder'
        ? NO_SYNC.map((error) => ({ session, number, kind, error, how: 'fail', mayFail: false }))
        : []),
      ...(name === 'write' ? [{ session, number, kind, error: 'EIO', how: 'short', mayFail: false }] : []),
    ]),
  );
  return oneOfEachFirst(random.shuffle(cases)).map(({ session, number, kind, error, how, mayFail }) => ({
    part: mayFail
      ? 'an operation fails, once or from then on'
      : how === 'short'
        ? 'a write stores half of its bytes'
        : 'folders cannot be synced',
    kind,
    title: `${session.name}, ${how} with ${error} at operation ${number}: ${kind}`,
    attack: ({ inside, faulty }) =>
      inCopy(scene, session, inside, async ({ run, argv }) => {
        const before = recordIn(run);
        const errno = constants.errno[error];
        const result = await faulty.run(argv, { path: run, how, at: number, errno });
        endOwner(run);
        return failedOrDone(run, before, result, { kind, mayFail });
      }),
  }));
};
