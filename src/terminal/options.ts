/** @file The options that every command which trains or looks at runs has. */

import { dirname, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import {
  type Config,
  type ConfigKey,
  configKeys,
  describeKey,
  expectedValue,
  flagName,
  parseFlag,
  resolveConfig,
  type Source,
} from '../config.js';
import { expandHome } from '../package.js';

/** The runs that an argument names: folders, or ids, which do not begin with `~/`. */
export function parseRuns(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, expandHome(text)];
}

/** Adds a flag for every key of a config, and `--config`. */
export function addConfigOptions(command: Command): void {
  command.option(
    '--config <file>',
    'JSON file with any of the keys below, as in configs/',
    (path: string, before: string | undefined) => {
      if (before === undefined) return parsePath(path);
      throw new InvalidArgumentError(`There is one already, ${before}; put the keys of both into one file.`);
    },
  );
  for (const key of configKeys) {
    const { description, defaultValue } = describeKey(key);
    const choices = expectedValue(key, 'none').startsWith('one of') ? `; ${expectedValue(key, 'none')}` : '';
    const placeholder = key === 'data' ? 'dir' : choices ? 'name' : 'n';
    const about = `${description}${choices} (default: ${defaultValue ?? 'none'})`;
    command.option(`--${flagName(key)} <${placeholder}>`, about); // parsed later: commander takes null for no value
  }
}

/**
 * The config that the options of a command give.
 *
 * @throws {UserError} E_CONFIG with all problems at once
 */
export async function configFrom(
  options: Record<string, unknown>,
): Promise<{ config: Config; sources: Record<ConfigKey, Source> }> {
  const flags = Object.fromEntries(
    configKeys.flatMap((key) => (key in options ? [[key, parseFlag(key, String(options[key]))]] : [])),
  );
  // Loaded only when there is a file: its parser takes some milliseconds.
  const file =
    typeof options.config === 'string'
      ? (await import('../config-file.js')).readConfigFile(options.config)
      : {};
  const resolved = resolveConfig(flags, file);
  // A folder is meant from where it is written: a config file's own, or the current one.
  const from = resolved.sources.data === 'file' ? dirname(String(options.config)) : '.';
  const { data } = resolved.config;
  return { ...resolved, config: { ...resolved.config, data: data && resolve(from, expandHome(data)) } };
}

/** Adds `--data DIR` to a command that goes on with, or repeats, a run whose data may have been moved. */
export function addMovedDataOption(command: Command): Command {
  return command.option('--data <dir>', 'where its data are now, if they were moved', (path: string) =>
    resolve(parsePath(path)),
  );
}

/** Adds `--runs DIR`. */
export function addRunsOption(command: Command): Command {
  return command.option('--runs <dir>', 'folder of the runs', parsePath, 'runs');
}

/** The path that an option names. */
export function parsePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return expandHome(text);
}
