/** @file Names for groups of loose runs: the model, what is clipped, and whatever else tells the groups apart. */
import { basename } from 'node:path';
import { type Config, type ConfigKey, configKeys } from '../config.js';
import { NO_IDENTITY, type RunRecord } from '../runs/record.js';

/** Runs of one fingerprint, by any of them. */
export interface RunGroup {
  readonly config: Config;
  readonly record: Pick<RunRecord, 'arithmetic' | 'data'>;
}

/** What the contents of a data set are recognised by, wherever its folder is. */
export const dataKey = ({ data }: RunGroup['record']): string =>
  JSON.stringify(Object.entries(data.checksums).sort());

/** How long training is, in words. */
export const lengthOf = ({ steps, epochs }: Config): string =>
  steps === null ? `${epochs} epoch${epochs === 1 ? '' : 's'}` : `${steps} steps`;

/** The name of each data set by its key: its folder's, or the whole path where two folders have the same name. */
const dataNames = (groups: readonly RunGroup[]): Map<string, string> => {
  const sets = [...new Map(groups.map(({ record }) => [dataKey(record), record.data.directory]))];
  const forms: readonly ((folder: string | null, index: number) => string)[] = [
    (folder) => (folder === null ? 'mnist' : basename(folder)),
    (folder) => folder ?? 'mnist',
    (folder, index) => `${folder ?? 'mnist'} (${index + 1})`, // of one folder whose contents changed
  ];
  const named = forms
    .map((form) => sets.map(([key, folder], index): [string, string] => [key, form(folder, index)]))
    .find((names) => new Set(names.map(([, name]) => name)).size === names.length);
  return new Map(named);
};

/**
 * Names that tell groups of runs apart.
 *
 * They have the model; the clip wherever something is clipped, as the id of a run has; the keys in which the groups
 * differ; the data set and the arithmetic if there are several. Of `steps` and `epochs` a name has the one that counts.
 */
export const armNames = (groups: readonly RunGroup[]): string[] => {
  const configs = groups.map(({ config }) => config);
  const differs = (key: ConfigKey): boolean => configs.some((config) => config[key] !== configs[0][key]);
  const several = (read: (group: RunGroup) => string): boolean => new Set(groups.map(read)).size > 1;
  const [lengths, arithmetics, data] = [
    differs('steps') || differs('epochs'),
    several(({ record }) => record.arithmetic),
    several(({ record }) => dataKey(record)),
  ];
  const names = dataNames(groups);

  const isShown = (key: ConfigKey, config: Config): boolean => {
    switch (key) {
      case 'model':
        return false;
      case 'clip':
        return config.clip !== null || differs(key);
      case 'steps':
        return lengths && config.steps !== null;
      case 'epochs': // of no effect where steps are set, but part of the fingerprint
        return lengths && (config.steps === null || configs.some((other) => isTwin(config, other)));
      default:
        return !NO_IDENTITY.includes(key) && differs(key);
    }
  };
  const isTwin = (config: Config, other: Config): boolean =>
    other.steps === config.steps && other.epochs !== config.epochs;

  return groups.map(({ config, record }) =>
    [
      config.model,
      ...configKeys.filter((key) => isShown(key, config)).map((key) => `${key}=${config[key] ?? 'none'}`),
      ...(data ? [`data=${names.get(dataKey(record))}`] : []),
      ...(arithmetics ? [`(${record.arithmetic})`] : []),
    ].join(' '),
  );
};
