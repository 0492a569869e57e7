/** @file The options and arguments that several commands have. */

import { dirname, resolve } from 'node:path';
import { type Command, InvalidArgumentError, type OptionValues } from '@commander-js/extra-typings';
import { pathOrBundled } from '../bundled-files.js';
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
import { GPU_LANES } from '../sweep/shape.js';

/** The values of the options that a function adds to a command. */
export type OptionsOf<Add extends (command: Command) => { opts(): unknown }> = ReturnType<
  ReturnType<Add>['opts']
>;

/** Adds `--config`, and an option for every key of a config. */
export function addConfigOptions(command: Command) {
  const withConfig = command.option(
    '--config <file>',
    'JSON file with any of the keys below, or the name of a bundled config',
    parseConfigPath,
  );
  for (const key of configKeys) {
    const { description, defaultValue } = describeKey(key);
    const choices = expectedValue(key, 'none').startsWith('one of') ? `; ${expectedValue(key, 'none')}` : '';
    const placeholder = key === 'data' ? 'dir' : choices ? 'name' : 'n';
    const about = `${description}${choices} (default: ${defaultValue ?? 'none'})`;
    command.option(`--${flagName(key)} <${placeholder}>`, about); // parsed later: commander takes null for no value
  }
  return withConfig;
}

function parseConfigPath(text: string, before: string | undefined): string {
  if (before === undefined) return pathOrBundled('config', parsePath(text));
  throw new InvalidArgumentError(`It was already set to ${before}. Merge the two files into one.`);
}

/**
 * The config that the options of a command describe.
 *
 * @throws {UserError} E_CONFIG that lists all problems
 */
export async function configFrom(
  options: Readonly<Record<string, unknown>>,
): Promise<{ config: Config; sources: Record<ConfigKey, Source> }> {
  const flags = Object.fromEntries(
    configKeys.flatMap((key) => (key in options ? [[key, parseFlag(key, String(options[key]))]] : [])),
  );
  // Imported only when it is needed, because loading the parser takes some milliseconds.
  const file =
    typeof options.config === 'string'
      ? (await import('../config-file.js')).readConfigFile(options.config)
      : {};
  const resolved = resolveConfig(flags, file);
  // A path in a config file is relative to the file.
  const from = resolved.sources.data === 'file' ? dirname(String(options.config)) : '.';
  const { data } = resolved.config;
  return { ...resolved, config: { ...resolved.config, data: data && resolve(from, expandHome(data)) } };
}

/** Adds `--runs DIR`. */
export function addRunsOption<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command.option('--runs <dir>', 'folder of the runs', parsePath, 'runs');
}

/** Adds `--data DIR` to a command that resumes or repeats a run. */
export function addMovedDataOption<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command.option('--data <dir>', 'folder of the data, if it was moved', (path: string) =>
    resolve(parsePath(path)),
  );
}

/** Parses an option that names a path. */
export function parsePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return expandHome(text);
}

/** Parses an option that is a command of the shell. */
export function parseCommand(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

/** Parses an argument that names several runs, by their folders or ids. */
export function parseRuns(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, expandHome(text)];
}

/** Parses an option that can be repeated. */
export function parseRepeated(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

/** Adds the options for where a sweep is computed on this machine. */
export function addMachineOptions<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command
    .option(
      '--jobs <n>',
      'number of runs at a time on the CPU, 0 for only the GPU (default: one per core; tensorflow: one per GPU)',
      parseCount,
    )
    .option(
      '--gpu-lanes <n>',
      `number of runs at a time on each GPU, 0 for only the CPU (default: ${GPU_LANES})`,
      parseCount,
    )
    .option('--threads <n>', 'number of threads of all jobs together (default: one per core)', parsePositive);
}

/** Parses an option that is a whole number. */
export function parseCount(text: string): number {
  return parseFrom(0, text);
}

/** Parses an option that is a positive whole number. */
export function parsePositive(text: string): number {
  return parseFrom(1, text);
}

function parseFrom(least: number, text: string): number {
  const number = Number(text);
  if (/^(0|[1-9]\d*)$/.test(text) && number >= least && number <= 1_000_000) return number;
  throw new InvalidArgumentError(`Expected a whole number from ${least} to 1,000,000, got ${text}.`);
}
