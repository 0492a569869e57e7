/** @file Names for arms without a plan: the model, the clip, and the config keys in which the arms differ. */

import { basename } from 'node:path';
import { rollup } from 'd3-array';
import { type Config, type ConfigKey, configKeys } from '../config.js';
import { NOT_IDENTITY, type RunRecord } from '../runs/record.js';
import { plural } from '../text/plural.js';

/** The run that represents an arm. All runs of an arm have the same fingerprint, so any of them can. */
export interface ArmSample {
  readonly config: Config;
  readonly record: Pick<RunRecord, 'arithmetic' | 'data'>;
}

type Keys = ReadonlySet<ConfigKey>;

/** The config keys that a name can contain besides the model. */
const NAMED_KEYS = configKeys.filter((key) => key !== 'model' && !NOT_IDENTITY.includes(key));

/**
 * Unique names for arms.
 *
 * A name consists of the model, the clip if there is one, every other key and the arithmetic where it differs from the
 * most common value, and the data set if there are several. Of `steps` and `epochs` it has the one in effect, and
 * `clipMode` only with a clip. Arms whose names would be equal get all keys in which they differ.
 *
 * @returns the name of each sample
 */
export function armNames<Sample extends ArmSample>(samples: readonly Sample[]): Map<Sample, string> {
  const isShown = shownKeys(samples.map(({ config }) => config));
  const hasUnusualArithmetic = differsFromMost(samples, ({ record }) => record.arithmetic);
  const data = dataNames(samples);
  const nameOf = (sample: Sample, extra: Keys): string => {
    const { config, record } = sample;
    return [
      config.model,
      ...NAMED_KEYS.filter((key) => extra.has(key) || isShown(key, config)).map(
        (key) => `${key}=${config[key] ?? 'none'}`,
      ),
      ...(data.size > 1 ? [`data=${data.get(dataKey(record))}`] : []),
      ...(hasUnusualArithmetic(sample) ? [`(${record.arithmetic})`] : []),
    ].join(' ');
  };
  const named = (extra: (sample: Sample) => Keys): Map<Sample, string> =>
    new Map(samples.map((sample) => [sample, nameOf(sample, extra(sample))]));

  const short = named(() => new Set());
  if (isUnique(short)) return short;
  const longer = named((sample) =>
    differingKeys(samples.filter((other) => short.get(other) === short.get(sample))),
  );
  if (isUnique(longer)) return longer;
  const all = differingKeys(samples);
  return named(() => all);
}

/** Decides whether the name of an arm contains a key. */
function shownKeys(configs: readonly Config[]): (key: ConfigKey, config: Config) => boolean {
  const unusual = new Map(
    configKeys.map((key) => {
      const among = key === 'clipMode' ? configs.filter(({ clip }) => clip !== null) : configs;
      return [key, differsFromMost(among, (config) => config[key])];
    }),
  );
  const isUnusual = (key: ConfigKey, config: Config): boolean => Boolean(unusual.get(key)?.(config));
  const hasUnusualLength = differsFromMost(configs, lengthOf);
  return (key, config) => {
    switch (key) {
      case 'clip':
        return config.clip !== null || isUnusual(key, config);
      case 'clipMode': // without a clip it has no effect, although it is part of the fingerprint, like unused epochs
        return config.clip !== null && isUnusual(key, config);
      case 'steps':
        return config.steps !== null && hasUnusualLength(config);
      case 'epochs':
        return config.steps === null && hasUnusualLength(config);
      default:
        return isUnusual(key, config);
    }
  };
}

/** Tells whether an item has another value than most items; without a single most common value, every item does. */
function differsFromMost<Item, Value>(
  items: readonly Item[],
  read: (item: Item) => Value,
): (item: Item) => boolean {
  const counts = rollup(items, ({ length }) => length, read);
  const [first, second] = [...counts].sort(([, a], [, b]) => b - a);
  if (first === undefined || first[1] === second?.[1]) return () => true;
  return (item) => read(item) !== first[0];
}

/** The keys in which some samples differ. Where epochs differ, `steps` is added, because it decides which one counts. */
function differingKeys(samples: readonly ArmSample[]): Keys {
  const keys = NAMED_KEYS.filter((key) => new Set(samples.map(({ config }) => config[key])).size > 1);
  return new Set(keys.includes('epochs') ? [...keys, 'steps'] : keys);
}

/** The name of each data set by its key: the folder's name, or the full path if two folders have the same name. */
function dataNames(samples: readonly ArmSample[]): Map<string, string> {
  const sets = [...new Map(samples.map(({ record }) => [dataKey(record), record.data.directory]))];
  const forms: readonly ((folder: string | null, index: number) => string)[] = [
    (folder) => (folder === null ? 'mnist' : basename(folder)),
    (folder) => folder ?? 'mnist',
    (folder, index) => `${folder ?? 'mnist'} (${index + 1})`, // the contents of one folder changed
  ];
  const candidates = forms.map(
    (form) => new Map(sets.map(([key, folder], index) => [key, form(folder, index)])),
  );
  return candidates.find(isUnique) ?? new Map();
}

function isUnique(names: ReadonlyMap<unknown, string>): boolean {
  return new Set(names.values()).size === names.size;
}

/** Identifies a data set by its contents, wherever its folder is. */
export function dataKey({ data }: ArmSample['record']): string {
  return JSON.stringify(Object.entries(data.checksums).sort());
}

/** The length of training, such as "5 epochs" or "300 steps". */
export function lengthOf({ steps, epochs }: Config): string {
  return steps === null ? plural(epochs, 'epoch') : plural(steps, 'step');
}
