/** @file Reads a sweep file and expands arms x grid x seeds into named configs. */

import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { type Config, configKeys, parseConfig } from '../config.js';
import { keysOf, readObject } from '../config-file.js';
import { UserError } from '../errors.js';
import { expandHome } from '../package.js';
import { nearest } from '../text/nearest.js';
import { plural } from '../text/plural.js';
import { type SlurmKeys, slurmProblem, slurmSchema } from './slurm-keys.js';

/** The default margin: smaller differences of test accuracy do not matter. */
export const DEFAULT_MARGIN = 0.005;

const keys = z.record(z.string(), z.unknown());
const label = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}+=.,_-]*$/u, 'letters, digits, and the characters + = . , _ -');

/** The name of a sweep, which is also the name of its folder. */
export const SWEEP_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** The largest number of seeds of a sweep. */
export const MOST_SEEDS = 100_000;

/** The contents of a sweep file. */
const sweepSchema = z.strictObject({
  name: z.string().regex(SWEEP_NAME, 'letters, digits, and the characters . _ -'),
  about: z.string().optional(),
  base: keys.default({}),
  arms: z.record(label, keys).default({}),
  grid: z.record(label, z.union([z.array(z.unknown()), z.record(label, keys)])).default({}),
  seeds: z.union([
    z.number().int().min(1).max(MOST_SEEDS),
    z
      .array(
        z
          .number()
          .int()
          .min(0)
          .max(2 ** 32 - 1),
      )
      .min(1),
  ]),
  comparisons: z.array(z.tuple([z.string(), z.string()])).optional(),
  margin: z.number().positive().max(1).default(DEFAULT_MARGIN),
  slurm: slurmSchema.default({}),
});

/** One configuration of a sweep. Its runs differ only in the seed. */
export interface SweepArm {
  /** The name in comparisons: the arm in the file and its grid values, such as `wn lr=0.1`. */
  readonly name: string;
  /** The name of the arm in the file, without grid values. */
  readonly family: string;
  readonly config: Config;
}

/** The checked contents of a sweep file. */
export interface Sweep {
  readonly name: string;
  /** One line about the purpose of the sweep, or null. */
  readonly about: string | null;
  readonly arms: readonly SweepArm[];
  readonly seeds: readonly number[];
  readonly comparisons: readonly (readonly [string, string])[];
  /** Smaller differences of test accuracy do not matter. */
  readonly margin: number;
  /** How Slurm computes it, which the plan does not fix. */
  readonly slurm: SlurmKeys;
}

interface Point {
  readonly name: string;
  readonly keys: Record<string, unknown>;
}

/** The values that each key takes, for messages. */
const EXPECTED: Readonly<Record<string, string>> = {
  name: 'a name of letters, digits, and the characters . _ -',
  about: 'text',
  base: 'an object with keys of a config',
  arms: 'named objects with keys of a config; names consist of letters, digits, and the characters + = . , _ -',
  grid: 'a list of values or an object of named objects for each key',
  seeds: 'the number of seeds, or a list of whole numbers of at least 0',
  comparisons: 'a list of pairs of arms, [["wn", "base"]]',
  margin: 'a number above 0, at most 1',
};

/** A sweep file with more runs is assumed to be a mistake. */
const MOST_RUNS = 1_000_000;

/**
 * Reads a sweep file. A relative `data` is resolved from the file's folder.
 *
 * @throws {UserError} E_CONFIG if it cannot be read or is not a valid sweep
 */
export function readSweepFile(path: string): Sweep {
  const input = readObject(path, 'sweep', '{"name": "lr", "grid": {"lr": [0.01, 0.1]}, "seeds": 8}');
  const keys = keysOf(input);
  if (keys.length > 0 && keys.every((key) => (configKeys as string[]).includes(key))) {
    throw new UserError('E_CONFIG', `${path} is the config of one run, not a sweep file.`, {
      hint: `Train it with \`wnlstm train --config ${path}\`.`,
    });
  }
  const sweep = parseSweep(input, path);
  const arms = sweep.arms.map((arm) => {
    const { data } = arm.config;
    return { ...arm, config: { ...arm.config, data: data && resolve(dirname(path), expandHome(data)) } };
  });
  return { ...sweep, arms };
}

function valueName(key: string, value: unknown): string {
  return `${key}=${typeof value === 'object' && value !== null ? JSON.stringify(value) : (value ?? 'none')}`;
}

/**
 * Checks the contents of a sweep file and expands its grid.
 *
 * @param input untrusted keys and values
 * @param where the name of the file, for errors
 * @throws {UserError} E_CONFIG for a wrong value, an unknown key, an empty axis, or a comparison of an unknown arm
 */
export function parseSweep(input: Record<string, unknown>, where: string): Sweep {
  for (const part of ['arms', 'grid']) {
    const value = input[part];
    const name = isObject(value) ? keysOf(value).find((key) => key === '__proto__') : undefined; // zod ignores this key
    if (name) throw problem(where, `${part}.${name}: expected ${EXPECTED.arms}`);
  }
  const parsed = sweepSchema.safeParse(input);
  if (!parsed.success) throw problem(where, shapeProblems(parsed.error, input));
  const {
    name,
    about,
    base,
    arms: namedKeys,
    grid,
    seeds: seedsOrCount,
    comparisons,
    margin,
    slurm,
  } = parsed.data;

  // The checked objects are copies in JavaScript's order of keys; this is the order of the file.
  const asWritten = input as { arms?: typeof namedKeys; grid?: typeof grid };
  const axisNames = keysOf(asWritten.grid ?? {});
  const axes = axisNames.map((axis) => axisPoints(axis, asWritten.grid?.[axis] ?? []));
  const empty = axisNames.find((_, index) => axes[index]?.length === 0);
  if (empty !== undefined) throw problem(where, `grid.${empty} has no values`);
  const named: Point[] = keysOf(asWritten.arms ?? {}).map((name) => ({ name, keys: namedKeys[name] ?? {} }));
  if (named.length === 0) named.push({ name: axes.length > 0 ? '' : name, keys: {} });

  const seeds =
    typeof seedsOrCount === 'number' ? Array.from({ length: seedsOrCount }, (_, seed) => seed) : seedsOrCount;
  if (new Set(seeds).size < seeds.length) throw problem(where, 'a seed occurs twice');
  const count = axes.reduce((total, axis) => total * axis.length, named.length) * seeds.length;
  if (count > MOST_RUNS)
    throw problem(where, `expected at most ${plural(MOST_RUNS, 'run')}, got ${count.toLocaleString('en')}`);

  parseConfig(base, `${where}, base`);
  const points = product(axes);
  const arms = named.flatMap((family) =>
    points.map((point): SweepArm => {
      const armName = [family.name, point.name].filter(Boolean).join(' ');
      const merged = { ...base, ...family.keys, ...point.keys };
      for (const [key, instead] of Object.entries({ seed: 'seeds', threads: '--threads' })) {
        if (key in merged) throw problem(where, `arm ${armName} sets ${key}; use ${instead} instead`);
      }
      return { name: armName, family: family.name, config: parseConfig(merged, `${where}, arm ${armName}`) };
    }),
  );
  if (new Set(arms.map(({ config }) => config.data)).size > 1) {
    throw problem(where, 'arms have different data; set data in base instead');
  }
  const names = arms.map((arm) => arm.name);
  const known = new Set<string>();
  for (const armName of names) {
    if (known.has(armName)) throw problem(where, `two arms have the name ${armName}`);
    known.add(armName);
  }
  checkComparisons(comparisons ?? [], known, where);
  return {
    name,
    about: about ?? null,
    arms,
    seeds,
    comparisons:
      comparisons ?? names.slice(1).map((armName): readonly [string, string] => [armName, names[0] ?? '']),
    margin,
    slurm,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problem(where: string, message: string): UserError {
  return new UserError('E_CONFIG', `${where}: ${message}.`, {
    hint: 'For the format of sweep files, see `wnlstm help sweeps`; `wnlstm sweep article` is an example.',
  });
}

function shapeProblems(error: z.ZodError, input: Record<string, unknown>): string {
  const problems = error.issues.map((issue) => {
    if (issue.path[0] === 'slurm') return slurmProblem(issue);
    if (issue.code === 'unrecognized_keys') {
      const known = Object.keys(sweepSchema.shape);
      return issue.keys
        .map((key) =>
          (configKeys as string[]).includes(key)
            ? `${key} belongs in base, arms or grid`
            : `unknown key ${key}${nearest(key, known)}`,
        )
        .join('; ');
    }
    const key = String(issue.path[0]);
    if (input[key] === undefined) return `${key} is missing`;
    return `${issue.path.join('.')}: expected ${EXPECTED[key]}`;
  });
  return [...new Set(problems)].join('; ');
}

/** The points of one axis: values of a key, objects of several keys, or named objects. */
function axisPoints(axis: string, values: unknown[] | Record<string, Record<string, unknown>>): Point[] {
  if (!Array.isArray(values)) return keysOf(values).map((name) => ({ name, keys: values[name] ?? {} }));
  return values.map((value) =>
    isObject(value)
      ? {
          name: keysOf(value)
            .map((key) => valueName(key, value[key]))
            .join(','),
          keys: value,
        }
      : { name: valueName(axis, value), keys: { [axis]: value } },
  );
}

/** Every combination of one point from each axis; the last axis varies fastest. */
function product(axes: readonly Point[][]): Point[] {
  return axes.reduce<Point[]>(
    (chosen, axis) =>
      chosen.flatMap(({ name, keys }) =>
        axis.map((point) => ({
          name: name ? `${name} ${point.name}` : point.name,
          keys: { ...keys, ...point.keys },
        })),
      ),
    [{ name: '', keys: {} }],
  );
}

function checkComparisons(
  comparisons: Sweep['comparisons'],
  names: ReadonlySet<string>,
  where: string,
): void {
  const seen = new Set<string>();
  for (const [a, b] of comparisons) {
    for (const name of [a, b]) {
      if (names.has(name)) continue;
      throw problem(where, `comparisons: there is no arm ${name}${nearest(name, [...names])}`);
    }
    if (a === b) throw problem(where, `comparisons: ${a} is compared with itself`);
    const pair = JSON.stringify([a, b].sort());
    if (seen.has(pair)) throw problem(where, `comparisons: the pair ${a}, ${b} occurs twice`);
    seen.add(pair);
  }
}
