// The three laws of every exit, as checks that return what is wrong, in words: (1) the run on disk can be read by all
// commands, (2) the same command again ends with the bytes of a run that was left alone, (3) the exit code says what happened.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { timeColumns } from '../../dist/runs/metrics.js';

const STACK = /\n\s+at .*:\d+:\d+|\b(Type|Range|Reference|Syntax|Assertion)Error\b|ERR_[A-Z_]+/;

const SENTENCE = /^error \S.*\.$/m;

/** What no call may do: hang, show a stack, or refuse without a sentence. */
export const saysWhatHappened = (what, { code, signal, out, err, thrown }, codes, sentence = SENTENCE) => {
  const tail = (err || out).trim().slice(-400);
  if (thrown) return [`${what} threw: ${thrown.slice(0, 600)}`];
  if (STACK.test(`\n${out}\n${err}`)) return [`${what} shows a stack: ${tail}`];
  if (!codes.includes(code))
    return [`${what}: expected exit code ${codes.join(' or ')}, got ${code ?? signal}: ${tail}`];
  if ((code === 1 || code === 2) && !sentence.test(err) && !sentence.test(out))
    return [`${what}: code ${code} without a sentence: ${tail}`];
  return [];
};

const holdsRun = (run) =>
  ['run.json', 'steps.csv', 'checkpoints'].some((name) => existsSync(join(run, name)));

/**
 * Law 1. Beside the run lies another, whole one, which must never be hidden.
 *
 * @param {ReturnType<import('./program.mjs').createInside>} inside
 * @param {string} run its folder
 * @param {{ other: string, isDamaged?: boolean }} beside the id of the other; whether `verify` may find damage
 */
export const isReadable = async (inside, run, { other, isDamaged = false }) => {
  const [runs, id] = [dirname(run), basename(run)];
  const isThere = holdsRun(run);
  const commands = [
    ['ls', ['ls', '--runs', runs], [0]],
    ['show', ['show', id, '--runs', runs], isThere ? [0, 2] : [2]],
    ['show of the newest', ['show', '--runs', runs], [0]],
    ['verify', ['verify', run, '--runs', runs], !isThere ? [2] : isDamaged ? [0, 3] : [0]],
    ['verify of the other', ['verify', join(runs, other), '--runs', runs], [0]],
    ['plot', ['plot', runs, '--format', 'text', '--runs', runs], [0]],
    ...(isDamaged ? [['ls as JSON', ['ls', '--json', '--sort', 'val', '--runs', runs], [0]]] : []),
    ...(isDamaged ? [['compare', ['compare', run, join(runs, other), '--runs', runs], [0, 2]]] : []),
  ];
  const problems = [];
  for (const [what, argv, codes] of commands) {
    const result = await inside.run(argv);
    problems.push(...saysWhatHappened(what, result, codes));
    if (what !== 'ls') continue;
    if (!result.out.includes(other)) problems.push(`ls hides the other run: ${result.out}${result.err}`);
    if (isThere && !`${result.out}${result.err}`.includes(id))
      problems.push(`ls does not name the run: ${result.out}`);
  }
  return problems;
};

/** Both CSVs without their time columns, and the hash of the last weights. */
export const bytesOf = (run) => {
  const texts = ['metrics.csv', 'steps.csv'].map((file) => {
    const lines = readFileSync(join(run, file), 'utf8').split('\n');
    const rows = lines.map((line) => line.split(','));
    const kept = rows[0].flatMap((name, column) => (timeColumns.includes(name) ? [] : [column]));
    return rows.map((cells) => kept.map((column) => cells[column]).join(',')).join('\n');
  });
  return [...texts, JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8')).weights_sha256].join('\n');
};

/** What is wrong with the bytes of a run that has ended. */
export const hasBytes = (run, expected) => {
  let got;
  try {
    got = bytesOf(run).split('\n');
  } catch (error) {
    return [`the run has no bytes: ${error.message}`];
  }
  const lines = expected.split('\n');
  const line = lines.findIndex((text, at) => text !== got[at]);
  if (line === -1 && got.length === lines.length) return [];
  return [`other bytes, first in line ${line}: expected ${lines[line]}, got ${got[line]}`];
};

/** Locks and claims that are left; only of a process that was killed one may stay, and only until the run goes on. */
export const leftovers = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .filter((name) => /(^|\/)lock(\.|$)/.test(name))
        .map((name) => `left behind: ${name}`)
    : [];

/**
 * Law 2: the same command again.
 *
 * @param {ReturnType<import('./program.mjs').createInside>} inside
 */
export const endsAsUndisturbed = async (inside, argv, run, expected) => {
  const again = await inside.run(argv);
  const problems = saysWhatHappened('the same command again', again, [0]);
  if (problems.length > 0) return problems;
  const verified = await inside.run(['verify', run, '--runs', dirname(run)]);
  return [...hasBytes(run, expected), ...saysWhatHappened('verify at the end', verified, [0])];
};

/** The status in run.json; null if there is none. */
export const statusIn = (run) => {
  try {
    return JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')).status;
  } catch {
    return null;
  }
};

/**
 * A process that stays, and failed to remove its lock, lives on as the owner; a program of its own would have ended with it.
 * The lock is made to look so: its pid is there, but started at another time.
 */
export const endOwner = (run) => {
  const path = join(run, 'lock');
  if (!existsSync(path)) return;
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(/"started":"[^"]*"/, '"started":"0"'));
};

/**
 * What a power cut may undo: a file that gets its name before its bytes are on the disk, a checkpoint before the rows that
 * belong to it. No kill shows that, so it is read from the order of the operations of a session.
 *
 * @param {readonly { name: string, path: string }[]} operations
 */
export const orderProblems = (operations) => {
  const unsynced = new Set();
  const problems = [];
  for (const { name, path } of operations) {
    if (path.includes('/lock')) continue;
    const place = path.replace(/\.[0-9a-f]{8}\.tmp/, '');
    if (name === 'write') unsynced.add(place);
    if (name === 'fsync') unsynced.delete(place);
    if (name !== 'rename' || place.endsWith('.tmp')) continue;
    const isCheckpoint = /step-\d+$/.test(place);
    for (const file of unsynced)
      if (file === place || (isCheckpoint && (file.startsWith(`${place}/`) || file.endsWith('.csv'))))
        problems.push(`${place} is renamed into place before ${file} is synced`);
  }
  return problems;
};
