/** @file What a sweep file asks for: arms x grid x seeds, as named configs. Pure but for reading the file. */

import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { type Config, configKeys, parseConfig } from '../config.js';
import { keysOf, readObject } from '../config-file.js';
import { UserError } from '../errors.js';
import { expandHome } from '../package.js';
import { nearest } from '../text/nearest.js';

/** Differences of test accuracy that do not matter, unless a user says otherwise. */
export const DEFAULT_MARGIN = 0.005;

const keys = z.record(z.string(), z.unknown());
const label = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}+=.,_-]*$/u, 'letters, digits and any of + = . , _ -');

/** The name of a sweep, which is that of its folder. */
export const SWEEP_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** The contents of a sweep file. */
const sweepSchema = z.strictObject({
  name: z.string().regex(SWEEP_NAME, 'letters, digits and any of . _ -'),
  about: z.string().optional(),
  base: keys.default({}),
  arms: z.record(label, keys).default({}),
  grid: z.record(label, z.union([z.array(z.unknown()), z.record(label, keys)])).default({}),
  seeds: z.union([
    z.number().int().min(1).max(100_000),
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
});

/** One configuration of a sweep; its runs differ in the seed alone. */
export interface SweepArm {
  /** As comparisons call it: the arm and its values in the grid, such as `wn lr=0.1`. */
  readonly name: string;
  /** The arm in the file, without the grid. */
  readonly family: string;
  readonly config: Config;
}

/** A sweep file, checked. */
export interface Sweep {
  readonly name: string;
  /** One line on what it is for, if the file has one. */
  readonly about: string | null;
  readonly arms: readonly SweepArm[];
  readonly seeds: readonly number[];
  readonly comparisons: readonly (readonly [string, string])[];
  /** Differences of test accuracy that do not matter. */
  readonly margin: number;
}

interface Point {
  readonly name: string;
  readonly keys: Record<string, unknown>;
}

/** What each key takes, in words. */
const EXPECTED: Readonly<Record<string, string>> = {
  name: 'a name of letters, digits and any of . _ -',
  about: 'text',
  base: 'an object with keys of a config',
  arms: 'objects with keys of a config, by name; a name has letters, digits and any of + = . , _ -',
  grid: 'lists of values, or objects of named objects, by key',
  seeds: 'how many seeds, or a list of them: whole numbers from 0',
  comparisons: 'a list of pairs of arms, [["wn", "base"]]',
  margin: 'a number above 0, at most 1',
};

/** Beyond this a sweep file is a mistake. */
const MOST_RUNS = 1_000_000;

/**
 * Reads a sweep file. A relative `data` starts from the file's folder.
 *
 * @throws {UserError} E_CONFIG if it cannot be read or is not a valid sweep
 */
export function readSweepFile(path: string): Sweep {
  const input = readObject(path, 'sweep', '{"name": "lr", "grid": {"lr": [0.01, 0.1]}, "seeds": 8}');
  const written = keysOf(input);
  if (written.length > 0 && written.every((key) => (configKeys as string[]).includes(key))) {
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

function written(key: string, value: unknown): string {
  return `${key}=${typeof value === 'object' && value !== null ? JSON.stringify(value) : (value ?? 'none')}`;
}

/**
 * Checks a sweep file's contents and multiplies them out.
 *
 * @param input of unknown origin
 * @param where named in errors: the file
 * @throws {UserError} E_CONFIG for a wrong form, an unknown key, an empty axis, a name that is not an arm's
 */
export function parseSweep(input: Record<string, unknown>, where: string): Sweep {
  for (const part of ['arms', 'grid']) {
    const value = input[part];
    const name = isObject(value) ? keysOf(value).find((key) => key === '__proto__') : undefined; // zod drops it
    if (name) throw problem(where, `${part}.${name}: expected ${EXPECTED.arms}`);
  }
  const parsed = sweepSchema.safeParse(input);
  if (!parsed.success) throw problem(where, shapeProblems(parsed.error, input));
  const { name, about, base, arms: families, grid, seeds: wanted, comparisons, margin } = parsed.data;

  // Keys in the order of the file: the checked objects are copies in JavaScript's order.
  const asWritten = input as { arms?: typeof families; grid?: typeof grid };
  const axisNames = keysOf(asWritten.grid ?? {});
  const axes = axisNames.map((axis) => axisPoints(axis, asWritten.grid?.[axis] ?? []));
  const empty = axisNames.find((_, at) => axes[at].length === 0);
  if (empty !== undefined) throw problem(where, `grid.${empty} has no values`);
  const named: Point[] = keysOf(asWritten.arms ?? {}).map((name) => ({ name, keys: families[name] }));
  if (named.length === 0) named.push({ name: axes.length > 0 ? '' : name, keys: {} });

  const seeds = typeof wanted === 'number' ? Array.from({ length: wanted }, (_, seed) => seed) : wanted;
  if (new Set(seeds).size < seeds.length) throw problem(where, 'a seed occurs twice');
  const count = axes.reduce((total, axis) => total * axis.length, named.length) * seeds.length;
  if (count > MOST_RUNS) throw problem(where, `${count.toLocaleString('en')} runs are too many`);

  parseConfig(base, `${where}, base`);
  const points = product(axes);
  const arms = named.flatMap((family) =>
    points.map((point): SweepArm => {
      const armName = [family.name, point.name].filter(Boolean).join(' ');
      const merged = { ...base, ...family.keys, ...point.keys };
      for (const [key, instead] of [
        ['seed', 'seeds'],
        ['threads', '--threads'],
      ]) {
        if (key in merged) throw problem(where, `arm ${armName} sets ${key}; use ${instead}`);
      }
      return { name: armName, family: family.name, config: parseConfig(merged, `${where}, arm ${armName}`) };
    }),
  );
  if (new Set(arms.map(({ config }) => config.data)).size > 1) {
    throw problem(where, 'arms have different data; a sweep has one, in base');
  }
  const names = arms.map((arm) => arm.name);
  const known = new Set<string>();
  for (const armName of names) {
    if (known.has(armName)) throw problem(where, `two arms are called ${armName}`);
    known.add(armName);
  }
  checkComparisons(comparisons ?? [], known, where);
  return {
    name,
    about: about ?? null,
    arms,
    seeds,
    comparisons:
      comparisons ?? names.slice(1).map((armName): readonly [string, string] => [armName, names[0]]),
    margin,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problem(where: string, message: string): UserError {
  return new UserError('E_CONFIG', `${where}: ${message}.`, {
    hint: 'The form of a sweep file is in README.md, an example in configs/sweeps/article.json.',
  });
}

function shapeProblems(error: z.ZodError, input: Record<string, unknown>): string {
  const problems = error.issues.map((issue) => {
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
  if (!Array.isArray(values)) return keysOf(values).map((name) => ({ name, keys: values[name] }));
  return values.map((value) =>
    isObject(value)
      ? {
          name: keysOf(value)
            .map((key) => written(key, value[key]))
            .join(','),
          keys: value,
        }
      : { name: written(axis, value), keys: { [axis]: value } },
  );
}

/** Every choice of one point from each axis, the last axis turning fastest. */
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
      throw problem(where, `comparisons name ${name}, which is no arm${nearest(name, [...names])}`);
    }
    if (a === b) throw problem(where, `comparisons compare ${a} with itself`);
    const pair = JSON.stringify([a, b].sort());
    if (seen.has(pair)) throw problem(where, `comparisons have ${a} and ${b} twice`);
    seen.add(pair);
  }
}
