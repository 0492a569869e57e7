/** @file Numbers, durations and configs as text for people. */

import { type Config, configKeys, defaultConfig } from '../config.js';
import type { Dataset } from '../data/mnist.js';
import { NOT_IDENTITY } from '../runs/record.js';
import { plural } from '../text/plural.js';

/** A number with four decimals, or with an exponent if it is large; `-` for null. */
export function number(value: number | null): string {
  if (value === null) return '-';
  return Math.abs(value) < 1e4 ? value.toFixed(4) : value.toExponential(2);
}

/** A fraction in percent: `97.31 %` for 0.9731, `-` for null. */
export function percent(value: number | null): string {
  return value === null ? '-' : `${percentNumber(value)} %`;
}

/** A fraction in percent for a column whose heading has the sign: `97.31` for 0.9731, `-` for null. */
export function percentNumber(value: number | null): string {
  return value === null ? '-' : (value * 100).toFixed(2);
}

/** A fraction in whole percents: `97 %` for 0.9731, `-` for null. */
export function wholePercent(value: number | null): string {
  return value === null ? '-' : `${(value * 100).toFixed(0)} %`;
}

/** A number of bytes in megabytes: `1,234 MB`. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;
}

/** A duration: `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function seconds(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '-';
  if (value < 60) return `${value.toFixed(1)} s`;
  if (value < 3600) return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
  return `${Math.floor(value / 3600)} h ${Math.round((value % 3600) / 60)} min`;
}

/** The sizes of the splits of a data set. */
export function describeSplits({ train, validation, test }: Dataset): string {
  const [a, b, c] = [train, validation, test].map(({ count }) => count.toLocaleString('en'));
  return `${a} training, ${b} validation and ${c} test images`;
}

/** A config in one line. */
export function describeModel(config: Config): string {
  return [
    config.model,
    plural(config.units, 'unit'),
    `${config.optimizer} lr ${config.lr}`,
    config.clip === null ? 'no clip' : `clip ${config.clipMode} ${config.clip}`,
    `batch ${config.batch}`,
    `seed ${config.seed}`,
  ].join(', ');
}

/**
 * The keys of a config that differ from the defaults, such as `units=32 lr=0.02`.
 *
 * @param shown keys to leave out, because they are shown elsewhere
 */
export function differences(config: Config, shown: readonly string[]): string {
  const defaults = defaultConfig();
  return configKeys
    .filter((key) => !NOT_IDENTITY.includes(key) && !shown.includes(key) && config[key] !== defaults[key])
    .map((key) => `${key}=${config[key]}`)
    .join(' ');
}
