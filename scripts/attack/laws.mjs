// The three laws that hold however a run ends, as checks that return a list of violations: (1) all commands can read the run
// on disk, (2) the same command again produces the bytes of an uninterrupted run, (3) the exit code says what happened.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { timeColumns } from '../../dist/runs/metrics.js';

const STACK = /\n\s+at .*:\d+:\d+|\b(Type|Range|Reference|Syntax|Assertion)Error\b|ERR_[A-Z_]+/;

const SENTENCE = /^error \S.*\.$/m;

/** Checks law 3. A call must also not hang, print a stack trace, or fail without an error message. */
export const saysWhatHappened = (what, { code, signal, out, err, thrown }, codes, sentence = SENTENCE) => {
  const tail = (err || out).trim().slice(-400);
  if (thrown) return [`${what} threw: ${thrown.slice(0, 600)}`];
  if (STACK.test(`\n${out}\n${err}`)) return [`${what} prints a stack trace: ${tail}`];
  if (!codes.includes(code))
    return [`${what}: expected exit code ${codes.join(' or ')}, got ${code ?? signal}: ${tail}`];
  if ((code === 1 || code === 2) && !sentence.test(err) && !sentence.test(out))
    return [`${what}: exit code ${code} without an error message: ${tail}`];
  return [];
};

const holdsRun = (run) =>
  ['run.json', 'steps.csv', 'checkpoints'].some((name) => existsSync(join(run, name)));

/**
 * Checks law 1. A second, complete run in the same folder must always be listed.
 *
 * @param {ReturnType<import('./program.mjs').createInside>} inside
 * @param {string} run the folder of the run
 * @param {{ other: string, isDamaged?: boolean }} options the id of the second run; whether `verify` may find damage
 */
export const isReadable = async (inside, run, { other, isDamaged = false }) => {
  const [runs, id] = [dirname(run), basename(run)];
  const exists = holdsRun(run);
  const commands = [
    ['ls', ['ls', '--runs', runs], [0]],
    ['show', ['show', id, '--runs', runs], exists ? [0, 2] : [2]],
    ['show of the newest', ['show', '--runs', runs], [0]],
    ['verify', ['verify', run, '--runs', runs], !exists ? [2] : isDamaged ? [0, 3] : [0]],
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
    if (exists && !`${result.out}${result.err}`.includes(id))
      problems.push(`ls does not name the run: ${result.out}`);
  }
  return problems;
};

/** Both CSV files without their time columns, and the hash of the last weights, as one text. */
export const bytesOf = (run) => {
  const texts = ['metrics.csv', 'steps.csv'].map((file) => {
    const lines = readFileSync(join(run, file), 'utf8').split('\n');
    const rows = lines.map((line) => line.split(','));
    const kept = rows[0].flatMap((name, column) => (timeColumns.includes(name) ? [] : [column]));
    return rows.map((cells) => kept.map((column) => cells[column]).join(',')).join('\n');
  });
  return [...texts, JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8')).weights_sha256].join('\n');
};

/** Compares the bytes of a finished run with the expected ones. */
export const hasBytes = (run, expected) => {
  let got;
  try {
    got = bytesOf(run).split('\n');
  } catch (error) {
    return [`the files of the run cannot be read: ${error.message}`];
  }
  const lines = expected.split('\n');
  const line = lines.findIndex((text, at) => text !== got[at]);
  if (line === -1 && got.length === lines.length) return [];
  return [`different bytes, first in line ${line}: expected ${lines[line]}, got ${got[line]}`];
};

/** Lists the locks and claims that remain. Only a killed process may leave one, and only until the run is resumed. */
export const leftovers = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .filter((name) => /(^|\/)lock(\.|$)/.test(name))
        .map((name) => `not removed: ${name}`)
    : [];

/**
 * Checks law 2: runs the same command again and compares the bytes.
 *
 * @param {ReturnType<import('./program.mjs').createInside>} inside
 */
export const endsAsUninterrupted = async (inside, argv, run, expected) => {
  const again = await inside.run(argv);
  const problems = saysWhatHappened('the same command again', again, [0]);
  if (problems.length > 0) return problems;
  const verified = await inside.run(['verify', run, '--runs', dirname(run)]);
  return [...hasBytes(run, expected), ...saysWhatHappened('verify at the end', verified, [0])];
};

/** The status in run.json; null if it cannot be read. */
export const statusIn = (run) => {
  try {
    return JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')).status;
  } catch {
    return null;
  }
};

/**
 * Makes the owner of a lock look dead. A long-lived process that could not remove its lock still counts as the owner, but a
 * separate program would have ended. The pid in the lock stays, with another start time.
 */
export const endOwner = (run) => {
  const path = join(run, 'lock');
  if (!existsSync(path)) return;
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(/"started":"[^"]*"/, '"started":"0"'));
};

/**
 * Finds operations whose effect a power cut could undo: a file that is renamed into place before its bytes are synced, or a
 * checkpoint before its rows. Killing a process does not show this, so the order of the operations is checked.
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
