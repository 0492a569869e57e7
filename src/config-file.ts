/** @file Reads JSON files that a person wrote. The order of the keys is kept, and duplicate keys are an error. */

import { readFileSync } from 'node:fs';
import { type AnyNode, parse, type ValueNode } from '@humanwhocodes/momoa';
import { parseConfig } from './config.js';
import { ioError, UserError } from './errors.js';

const keyOrder = new WeakMap<object, readonly string[]>();

/**
 * Reads a config file: a JSON object with the keys that differ from the defaults.
 *
 * @throws {UserError} E_CONFIG if it is missing, not JSON, or not a valid config
 */
export function readConfigFile(path: string): Record<string, unknown> {
  const keys = readObject(path, 'config', '{}');
  if ('seeds' in keys || 'arms' in keys || 'grid' in keys) {
    throw new UserError('E_CONFIG', `${path} is a sweep file, not the config of one run.`, {
      hint: `Train its runs with \`wnlstm sweep ${path}\`.`,
    });
  }
  parseConfig(keys, path);
  return keys;
}

/**
 * Reads a JSON object that a person wrote.
 *
 * @param what the kind of file, such as "config"
 * @param smallest the smallest valid example
 * @returns its keys without `$schema`, which is for editors; see `keysOf` for their order
 * @throws {UserError} E_CONFIG if it is missing, not JSON, not an object, or has a key twice
 */
export function readObject(path: string, what: string, smallest: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, ''); // some editors write a byte order mark
  } catch (error) {
    throw new UserError('E_CONFIG', ioError(`read the ${what} ${path}`, error).message, {
      hint: 'Bundled files are found by their names: `wnlstm train --config smoke`, `wnlstm sweep article`.',
      cause: error,
    });
  }
  const problems: string[] = [];
  let value: unknown;
  try {
    value = toValue(parse(text).body, problems);
    JSON.parse(text); // stricter about strings and numbers
  } catch (error) {
    throw new UserError('E_CONFIG', `${path} is not JSON: ${describeSyntaxError(text, error as Error)}.`, {
      hint: 'Look for a missing quote, a trailing comma or a comment. JSON has no trailing commas and no comments.',
      cause: error,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError(
      'E_CONFIG',
      `${path}: expected a JSON object, got ${Array.isArray(value) ? 'a list' : JSON.stringify(value)}.`,
      { hint: `The smallest ${what} is ${smallest}.` },
    );
  }
  if (problems.length > 0) {
    throw new UserError('E_CONFIG', `${path}, ${problems.join('; ')}.`, {
      hint: 'Remove or rename one of the two.',
    });
  }
  const { $schema: _, ...keys } = value as Record<string, unknown>;
  keyOrder.set(
    keys,
    keysOf(value).filter((key) => key !== '$schema'),
  );
  return keys;
}

/** The value of a node of the syntax tree; duplicate keys are added to `problems`. */
function toValue(node: ValueNode, problems: string[]): unknown {
  switch (node.type) {
    case 'Object': {
      const first = new Map<string, AnyNode>();
      const entries = node.members.map(({ name, value }): [string, unknown] => {
        const key = name.type === 'String' ? name.value : name.name;
        const before = first.get(key);
        if (before)
          problems.push(`${at(name)}: duplicate key ${JSON.stringify(key)}, first at ${at(before)}`);
        else first.set(key, name);
        return [key, toValue(value, problems)];
      });
      const object = Object.fromEntries(entries);
      keyOrder.set(object, [...first.keys()]);
      return object;
    }
    case 'Array':
      return node.elements.map(({ value }) => toValue(value, problems));
    case 'Null':
      return null;
    case 'String':
    case 'Number':
    case 'Boolean':
      return node.value;
    default:
      throw new Error(`JSON has no ${node.type}`);
  }
}

function at({ loc }: AnyNode): string {
  return `line ${loc.start.line}, column ${loc.start.column}`;
}

/** Describes where and why a text is not JSON. */
function describeSyntaxError(text: string, error: Error): string {
  const { line, column, offset } = error as Error & { line?: number; column?: number; offset?: number };
  if (error.message.startsWith('Unexpected end') || offset === undefined) return 'unexpected end of the file';
  const found = /^(\w+|.)/.exec(text.slice(offset))?.[0] ?? '';
  return `line ${line}, column ${column}: unexpected ${JSON.stringify(found)}`;
}

/**
 * The keys of an object from `readObject`, in the order of the file. (JavaScript moves integer keys to the front.)
 *
 * @param value for an object from elsewhere, the keys are in JavaScript's order
 */
export function keysOf(value: object): readonly string[] {
  return keyOrder.get(value) ?? Object.keys(value);
}
