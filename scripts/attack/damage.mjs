// Generates damaged runs. Every command must handle each of them: with a result, or with an error message.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasBytes, isReadable, saysWhatHappened } from './laws.mjs';

/** JSON values of every type, including the limits of their ranges. */
const VALUES = [
  null,
  true,
  0,
  -1,
  0.5,
  1e300,
  2 ** 53,
  '',
  'x',
  '../..',
  '\u0000',
  '__proto__',
  [],
  [null],
  {},
  { a: {} },
];

/** The paths of all values in a JSON value, as lists of keys. */
const placesIn = (value, place = []) =>
  typeof value === 'object' && value !== null
    ? [place, ...Object.keys(value).flatMap((key) => placesIn(value[key], [...place, key]))]
    : [place];

const replaced = (value, [key, ...others], by) => {
  if (key === undefined) return by;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  if (others.length === 0 && by === undefined) delete copy[key];
  else copy[key] = replaced(copy[key], others, by);
  return copy;
};

const lines = (bytes) => bytes.toString('latin1').split('\n');
const joined = (list) => Buffer.from(list.join('\n'), 'latin1');

/** The kinds of damage, as functions from bytes to bytes; null removes the file, 'folder' replaces it by a folder. */
const KINDS = {
  missing: () => null,
  empty: () => Buffer.alloc(0),
  folder: () => 'folder',
  torn: (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  'without its start': (bytes, random) => bytes.subarray(1 + random.below(bytes.length)),
  'with zeros at its end': (bytes, random) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(bytes.length - at)]);
  },
  'with flipped bits': (bytes, random) => {
    const copy = Buffer.from(bytes);
    for (let flips = 1 + random.below(4); flips > 0; flips--)
      copy[random.below(copy.length)] ^= 1 << random.below(8);
    return copy;
  },
  'with random bytes': (bytes, random) => {
    const copy = Buffer.from(bytes);
    for (let flips = 1 + random.below(40); flips > 0; flips--)
      copy[random.below(copy.length)] = random.below(256);
    return copy;
  },
  'with lines in another order': (bytes, random) => joined(random.shuffle(lines(bytes))),
  'without a line': (bytes, random) => {
    const all = lines(bytes);
    all.splice(random.below(all.length), 1);
    return joined(all);
  },
  'with a line twice': (bytes, random) => {
    const all = lines(bytes);
    const at = random.below(all.length);
    all.splice(at, 0, all[at]);
    return joined(all);
  },
  'with another value': (bytes, random, file) => {
    if (file.endsWith('.csv')) {
      const all = lines(bytes).map((line) => line.split(','));
      const row = random.pick(all);
      row[random.below(row.length)] = random.pick(['', 'x', '-1', '1e999', 'NaN', '"', '0x10', ' ', '1e5']);
      return joined(all.map((cells) => cells.join(',')));
    }
    if (!file.endsWith('.json')) return Buffer.from(JSON.stringify(random.pick(VALUES)));
    const value = JSON.parse(bytes.toString());
    const by = random.below(8) === 0 ? undefined : random.pick(VALUES);
    return Buffer.from(JSON.stringify(replaced(value, random.pick(placesIn(value)), by)) ?? '');
  },
};

const filesOf = (run) =>
  readdirSync(run, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(run.length + 1))
    .sort();

/** Whether damage to this file may change the final bytes of a resumed run. A resumed run keeps its existing rows. */
const mayChangeBytes = (file) => file.endsWith('.csv');

/** The newest checkpoint. If it is damaged, a run resumes from the one before it. */
const newestOf = (run) => join('checkpoints', readdirSync(join(run, 'checkpoints')).sort().at(-1));

export function* damageCases(scene, random) {
  const states = ['completed', 'stopped'].map((name) => ({ name, from: scene[name] }));
  for (;;) {
    const state = random.pick(states);
    const file = random.pick([...filesOf(join(state.from, scene.id)), 'lock']);
    const kind = random.pick(Object.keys(KINDS));
    const before =
      file === 'lock'
        ? Buffer.from('{"host":"a","pid":1,"started":"1"}\n')
        : readFileSync(join(state.from, scene.id, file));
    const after = KINDS[kind](before, random, file);
    yield {
      part: 'a damaged run is read, and is resumed or refused',
      title: `${state.name} run, ${file} ${kind}${Buffer.isBuffer(after) && after.length < 600 ? `: ${JSON.stringify(after.toString('latin1'))}` : ''}`,
      attack: async ({ inside }) => {
        const runs = scene.copy(state.from);
        const run = join(runs, scene.id);
        const path = join(run, file);
        if (existsSync(path)) rmSync(path);
        if (after === 'folder') mkdirSync(path);
        else if (after !== null) writeFileSync(path, after);
        try {
          const problems = await isReadable(inside, run, { other: scene.other, isDamaged: true });
          const again = await inside.run(scene.training(runs, '--epochs', '3'));
          problems.push(
            ...saysWhatHappened(
              'the same command again',
              again,
              file.startsWith(newestOf(join(state.from, scene.id))) ? [0] : [0, 1, 2],
            ),
          );
          if (again.code === 0 && state.name === 'stopped' && !mayChangeBytes(file))
            problems.push(...hasBytes(run, scene.expected));
          return problems;
        } finally {
          rmSync(runs, { recursive: true, force: true });
        }
      },
    };
  }
}
