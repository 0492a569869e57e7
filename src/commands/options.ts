/** @file The options that every command which trains or looks at runs has. */
import { type Command, InvalidArgumentError } from 'commander';
import {
  type Config,
  type ConfigKey,
  configKeys,
  configSchema,
  flagName,
  parseFlag,
  readConfigFile,
  resolveConfig,
  type Source,
} from '../config.js';

/** Adds a flag for every key of a config, and `--config`. */
export const addConfigOptions = (command: Command): void => {
  command.option('--config <file>', 'JSON file with any of the keys below, as in configs/');
  for (const key of configKeys) {
    const { description = '', defaultValue } = describeKey(key);
    const shown = defaultValue === null ? 'none' : defaultValue;
    command.option(`--${flagName(key)} <value>`, `${description} (default: ${shown})`, (text: string) =>
      parseFlag(key, text),
    );
  }
};

const describeKey = (key: ConfigKey): { description: string | undefined; defaultValue: unknown } => {
  const schema = configSchema.shape[key];
  return {
    description: schema.description ?? schema.unwrap().description,
    defaultValue: schema.parse(undefined),
  };
};

/**
 * The config that the options of a command give.
 *
 * @throws {UserError} E_CONFIG with all problems at once
 */
export const configFrom = (
  options: Record<string, unknown>,
): { config: Config; sources: Record<ConfigKey, Source> } => {
  const flags = Object.fromEntries(
    configKeys.flatMap((key) => (key in options ? [[key, options[key]]] : [])),
  );
  return resolveConfig(flags, typeof options.config === 'string' ? readConfigFile(options.config) : {});
};

/** Adds `--runs DIR`. */
export const addRunsOption = (command: Command): Command =>
  command.option(
    '--runs <dir>',
    'folder of the runs',
    (text: string) => {
      if (text === '') throw new InvalidArgumentError('It must name a folder.');
      return text;
    },
    'runs',
  );
