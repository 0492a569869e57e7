/** @file Generators of texts and values for property tests, and the property that every reader has. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import fc from 'fast-check';
import { configKeys } from '../config.js';
import { UserError } from '../errors.js';

// FAST_CHECK_SEED and FAST_CHECK_RUNS are for longer searches than each test run makes.
const { FAST_CHECK_SEED = '20261127', FAST_CHECK_RUNS = '150' } = process.env;
fc.configureGlobal({ seed: Number(FAST_CHECK_SEED), numRuns: Number(FAST_CHECK_RUNS) });

export const folder = mkdtempSync(join(tmpdir(), 'wnlstm-properties-'));
after(() => rmSync(folder, { recursive: true }));
/** A file that each case overwrites. */
export const path = join(folder, 'file');

/** Runs a reader, which must return or throw an error for users. */
export function readsOrRefuses<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    assert.match(error.message, /^\P{Cc}+\.$/u, 'a message is one line');
    return null;
  }
}

/** Keys that every object inherits, and keys with a meaning in this program. */
export const key = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'valueOf',
    'length',
    'then',
    'toJSON',
    '',
    '0',
    '1',
  ),
  fc.constantFrom('$schema', 'name', 'arms', 'grid', 'base', 'seeds', 'comparisons', ...configKeys),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
/** A value that is neither a list nor an object. */
export const scalar = fc.oneof(
  fc.constantFrom(null, true, false, 0, -0, 1, 2, 0.1, -1, 1e300, 2 ** 53, 5e-324),
  fc.constantFrom('', 'wn', 'base', 'none', 'NaN', '__proto__', '../..', '\u001b[2J', '\ufeff', '\u0000'),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
/** Any JSON value. */
export const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
}));
/** Any object. */
export const jsonObject = fc
  .array(fc.tuple(key, json), { maxLength: 6 })
  .map((entries) => Object.fromEntries(entries));

/** Objects that cannot be converted to text, or imitate other types. */
const odd = fc.constantFrom<unknown>(
  { toString: '' },
  { valueOf: 1, toString: null },
  { toJSON: 1 },
  { length: 1 },
);

/** A text in which some characters are replaced, removed or repeated. */
function nearly(text: string): fc.Arbitrary<string> {
  return fc
    .array(
      fc.tuple(
        fc.nat(text.length),
        fc.nat(6),
        fc.oneof(fc.string({ unit: 'binary', maxLength: 2 }), scalar.map(String)),
      ),
      {
        maxLength: 4,
      },
    )
    .map((edits) =>
      edits.reduce(
        (changed, [at, removed, added]) => changed.slice(0, at) + added + changed.slice(at + removed),
        text,
      ),
    );
}

/** A value of a JSON file with one part of it replaced or removed. */
export function replacedIn(value: unknown): fc.Arbitrary<unknown> {
  const places = (part: unknown, place: string[] = []): string[][] =>
    typeof part === 'object' && part !== null
      ? [place, ...Object.entries(part).flatMap(([name, inner]) => places(inner, [...place, name]))]
      : [place];
  const put = (part: unknown, [name, ...others]: string[], by: unknown): unknown => {
    if (name === undefined) return by;
    const copy = Array.isArray(part) ? [...part] : { ...(part as object) };
    const inner = put((part as Record<string, unknown>)[name], others, by);
    Object.defineProperty(copy, name, {
      value: inner,
      enumerable: inner !== undefined,
      configurable: true,
      writable: true,
    });
    return copy;
  };
  return fc
    .tuple(fc.constantFrom(...places(value)), fc.oneof(json, fc.constant(undefined), odd))
    .map(([place, by]) => put(value, place, by));
}

/** Any text, any JSON, or a slightly changed valid file. */
export function textLike(text: string): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
    { weight: 1, arbitrary: json.map((value) => JSON.stringify(value)) },
    { weight: 3, arbitrary: nearly(text) },
    ...(text.startsWith('{')
      ? [{ weight: 5, arbitrary: replacedIn(JSON.parse(text)).map((value) => JSON.stringify(value) ?? '') }]
      : []),
  );
}

/** Tests a property for every text that a file may contain. */
export function forTexts(like: string, read: (text: string) => void): void {
  fc.assert(
    fc.property(textLike(like), (text) => {
      readsOrRefuses(() => read(text));
    }),
  );
}
