/** @file Names for groups of loose runs: the model, what is clipped, and whatever else tells the groups apart. */

import { basename } from 'node:path';
import { type Config, type ConfigKey, configKeys } from '../config.js';
import { NOT_IDENTITY, type RunRecord } from '../runs/record.js';

/** Runs of one fingerprint, by any of them. */
export interface RunGroup {
  readonly config: Config;
  readonly record: Pick<RunRecord, 'arithmetic' | 'data'>;
}

/**
 * Names that tell groups of runs apart.
 *
 * They have the model; the clip wherever something is clipped, as the id of a run has; of the other keys and of the
 * arithmetic what is not the most common value among the groups; and the data set, of all groups, where there are several,
 * as numbers of different data are not of one kind. Of `steps` and `epochs` a name has the one that counts, and `clipMode`
 * only where something is clipped. Groups that would be called alike name all keys in which they differ.
 */
export function armNames(groups: readonly RunGroup[]): string[] {
  const configs = groups.map(({ config }) => config);
  const isUnusual = <Of, Value>(of: readonly Of[], read: (one: Of) => Value): ((one: Of) => boolean) => {
    const usual = mostCommon(of.map(read));
    return (one) => usual === null || read(one) !== usual.value;
  };
  const unusual = new Map(
    configKeys.map((key) => {
      const among = key === 'clipMode' ? configs.filter(({ clip }) => clip !== null) : configs;
      return [key, isUnusual(among, (config) => config[key])];
    }),
  );
  const hasUnusualLength = isUnusual(configs, lengthOf);
  const severalData = new Set(groups.map(({ record }) => dataKey(record))).size > 1;
  const hasUnusualArithmetic = isUnusual(groups, ({ record }) => record.arithmetic);

  const isShown = (key: ConfigKey, config: Config): boolean => {
    if (NOT_IDENTITY.includes(key) || key === 'model') return false;
    switch (key) {
      case 'clip':
        return config.clip !== null || Boolean(unusual.get(key)?.(config));
      case 'clipMode': // of no effect where nothing is clipped, but part of the fingerprint, as are epochs beside steps
        return config.clip !== null && Boolean(unusual.get(key)?.(config));
      case 'steps':
        return config.steps !== null && hasUnusualLength(config);
      case 'epochs':
        return config.steps === null && hasUnusualLength(config);
      default:
        return Boolean(unusual.get(key)?.(config));
    }
  };

  const data = dataNames(groups);
  const nameOf = (group: RunGroup, more: ReadonlySet<ConfigKey> = new Set()): string => {
    const { config, record } = group;
    return [
      config.model,
      ...configKeys
        .filter((key) => more.has(key) || isShown(key, config))
        .map((key) => `${key}=${config[key] ?? 'none'}`),
      ...(severalData ? [`data=${data.get(dataKey(record))}`] : []),
      ...(hasUnusualArithmetic(group) ? [`(${record.arithmetic})`] : []),
    ].join(' ');
  };

  /** The keys of the fingerprint in which some configs differ; epochs alone would not tell that steps count. */
  const differing = (some: readonly Config[]): Set<ConfigKey> => {
    const keys = configKeys.filter(
      (key) =>
        key !== 'model' && !NOT_IDENTITY.includes(key) && some.some((config) => config[key] !== some[0][key]),
    );
    return new Set(keys.includes('epochs') ? [...keys, 'steps'] : keys);
  };
  const short = groups.map((group) => nameOf(group));
  if (isUnique(short)) return short;
  const longer = groups.map((group, index) => {
    const alike = configs.filter((_, other) => short[other] === short[index]);
    return alike.length === 1 ? short[index] : nameOf(group, differing(alike));
  });
  const all = differing(configs);
  return isUnique(longer) ? longer : groups.map((group) => nameOf(group, all));
}

/** The value that more groups have than any other; null where two are equally common. */
function mostCommon<Value>(values: readonly Value[]): { readonly value: Value } | null {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [first, second] = [...counts].sort(([, a], [, b]) => b - a);
  if (first === undefined || (second !== undefined && second[1] === first[1])) return null;
  return { value: first[0] };
}

/** The name of each data set by its key: its folder's, or the whole path where two folders have the same name. */
function dataNames(groups: readonly RunGroup[]): Map<string, string> {
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
}

function isUnique(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

/** What the contents of a data set are recognised by, wherever its folder is. */
export function dataKey({ data }: RunGroup['record']): string {
  return JSON.stringify(Object.entries(data.checksums).sort());
}

/** How long training is, in words. */
export function lengthOf({ steps, epochs }: Config): string {
  return steps === null ? `${epochs} epoch${epochs === 1 ? '' : 's'}` : `${steps} steps`;
}
