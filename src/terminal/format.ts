/** @file Numbers and runs as people read them. */

import { type Config, configKeys, defaultConfig } from '../config.js';
import { NOT_IDENTITY } from '../runs/record.js';

/** Four decimals, or a power of ten where they would run wide; a dash for nothing. */
export function number(value: number | null): string {
  if (value === null) return '-';
  return Math.abs(value) < 1e4 ? value.toFixed(4) : value.toExponential(2);
}

/** 0.9731 as `97.31 %`. */
export function percent(value: number | null): string {
  return value === null ? '-' : `${(value * 100).toFixed(2)} %`;
}

/** A duration: `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function seconds(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '-';
  if (value < 60) return `${value.toFixed(1)} s`;
  if (value < 3600) return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
  return `${Math.floor(value / 3600)} h ${Math.round((value % 3600) / 60)} min`;
}

/** What names a folder of runs on the command line, if it is not the default. */
export function runsFlag(directory: string): string {
  return directory === 'runs' ? '' : ` --runs ${quoted(directory)}`;
}

/** A path as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** A config in one line. */
export function describeModel(config: Config): string {
  return [
    config.model,
    `${config.units} units`,
    `${config.optimizer} lr ${config.lr}`,
    config.clip === null ? 'no clip' : `clip ${config.clipMode} ${config.clip}`,
    `batch ${config.batch}`,
    `seed ${config.seed}`,
  ].join(', ');
}

/**
 * What a config sets otherwise than the defaults, such as `units=32 lr=0.02`.
 *
 * @param shown keys that are left out, because they stand elsewhere
 */
export function differences(config: Config, shown: readonly string[]): string {
  const defaults = defaultConfig();
  return configKeys
    .filter((key) => !NOT_IDENTITY.includes(key) && !shown.includes(key) && config[key] !== defaults[key])
    .map((key) => `${key}=${config[key]}`)
    .join(' ');
}
