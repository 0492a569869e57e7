/** @file What differs between the configs and environments of runs. */

import type { ConfigValue, RunInfo } from './protocol.js';

/**
 * The config keys, and then the properties of the environment, in which runs differ.
 *
 * @returns for each its name and the value of each run, in the order of the runs
 */
export function differingKeys(
  runs: readonly Pick<RunInfo, 'config' | 'environment'>[],
): { readonly name: string; readonly values: readonly string[] }[] {
  const config = namesOf(runs.map((run) => run.config));
  const environment = namesOf(runs.map((run) => run.environment)).filter((name) => !config.includes(name));
  return [
    ...config.map((name) => ({ name, values: runs.map((run) => written(run.config[name])) })),
    ...environment.map((name) => ({ name, values: runs.map((run) => written(run.environment[name])) })),
  ].filter(({ values }) => new Set(values).size > 1);
}

function namesOf(objects: readonly object[]): string[] {
  return [...new Set(objects.flatMap((each) => Object.keys(each)))];
}

function written(value: ConfigValue | undefined): string {
  if (value === undefined) return 'unknown';
  return value === null ? 'none' : String(value);
}
