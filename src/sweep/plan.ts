/** @file plan.json fixes a sweep before its first run, so that comparisons cannot be chosen after seeing results. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseResolvedConfig, type ResolvedConfig } from '../config.js';
import { ioError, UserError } from '../errors.js';
import { readRegular, replaceFile, toJson } from '../files.js';
import { PLAN_FILE } from '../runs/find.js';
import { fingerprintOf, runId } from '../runs/record.js';
import { plural } from '../text/plural.js';
import { MOST_SEEDS, SWEEP_NAME, type Sweep, type SweepArm } from './grid.js';

/** An arm whose backend and arithmetic are decided. `config.seed` has no meaning. */
export interface DecidedArm extends SweepArm {
  readonly config: ResolvedConfig;
  readonly arithmetic: string;
}

/** A sweep whose backends are decided. */
export interface DecidedSweep extends Omit<Sweep, 'slurm'> {
  readonly arms: readonly DecidedArm[];
}

/** An arm of a plan. */
export interface PlannedArm extends DecidedArm {
  /** The fingerprint of its runs. */
  readonly fingerprint: string;
}

/** The contents of plan.json without the checksum. */
export interface Plan {
  readonly format: number;
  readonly name: string;
  readonly about: string | null;
  readonly created_at: string;
  readonly arms: readonly PlannedArm[];
  readonly seeds: readonly number[];
  /** Seeds that `--add-seeds` added. If results were known at that time, p values are not exact. */
  readonly added: readonly { readonly at: string; readonly seeds: readonly number[] }[];
  readonly comparisons: readonly (readonly [string, string])[];
  readonly margin: number;
  /** SHA-256 of the data's files, by name. */
  readonly data: Readonly<Record<string, string>>;
}

/** One run of a plan. */
export interface PlannedRun {
  readonly arm: string;
  readonly seed: number;
  /** The name of its folder beside plan.json. */
  readonly id: string;
  readonly config: ResolvedConfig;
}

/** The version of plan.json; version 1 had no arithmetic. */
const FORMAT = 2;

/**
 * Makes the plan of a sweep.
 *
 * @param now the time in ISO 8601
 * @throws {UserError} E_CONFIG if two arms have the same config
 */
export function freeze(sweep: DecidedSweep, checksums: Readonly<Record<string, string>>, now: string): Plan {
  const arms = sweep.arms.map(
    (arm): PlannedArm => ({ ...arm, fingerprint: fingerprintOf(arm.config, arm.arithmetic, checksums) }),
  );
  const first = new Map<string, string>();
  for (const arm of arms) {
    const other = first.get(arm.fingerprint);
    if (other !== undefined) {
      throw new UserError(
        'E_CONFIG',
        `${sweep.name}: the arms ${other} and ${arm.name} have the same config.`,
        { hint: 'Remove one of the two arms.' },
      );
    }
    first.set(arm.fingerprint, arm.name);
  }
  const { name, about, seeds, comparisons, margin } = sweep;
  return {
    format: FORMAT,
    name,
    about,
    created_at: now,
    arms,
    seeds,
    added: [],
    comparisons,
    margin,
    data: checksums,
  };
}

/** All runs of a plan. All arms of a seed come before the next seed, so that a stopped sweep has complete pairs. */
export function plannedRuns({ arms, seeds }: Plan): PlannedRun[] {
  return seeds.flatMap((seed) =>
    arms.map(({ name, config: shared, fingerprint }) => {
      const config = { ...shared, seed };
      return { arm: name, seed, id: runId(config, fingerprint), config };
    }),
  );
}

/**
 * Adds seeds to a plan: the smallest that it does not have yet.
 *
 * @param now the time to record; for a new plan, the time of the plan
 */
export function addSeeds(plan: Plan, count: number, now: string): Plan {
  if (plan.seeds.length + count > MOST_SEEDS) {
    throw new UserError(
      'E_USAGE',
      `Expected at most ${plural(MOST_SEEDS, 'seed')} in a plan, got ${(plan.seeds.length + count).toLocaleString('en')}.`,
      {
        hint: 'Add fewer seeds with `--add-seeds`.',
      },
    );
  }
  const seeds: number[] = [];
  for (let seed = 0; seeds.length < count; seed++) if (!plan.seeds.includes(seed)) seeds.push(seed);
  return { ...plan, seeds: [...plan.seeds, ...seeds], added: [...plan.added, { at: now, seeds }] };
}

export function writePlan(directory: string, plan: Plan): void {
  replaceFile(join(directory, PLAN_FILE), toJson({ ...plan, checksum: checksumOf(plan) }));
}

function checksumOf(plan: Plan): string {
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex');
}

/**
 * The plan in a folder, or null if there is none.
 *
 * @throws {UserError} E_RUN if the plan was changed, has another format or is not valid
 */
export function readPlan(directory: string): Plan | null {
  const path = join(directory, PLAN_FILE);
  if (!existsSync(path)) return null;
  const bad = (message: string, cause?: unknown): UserError =>
    new UserError('E_RUN', `${path}: ${message}.`, {
      hint: `A plan must not change, so that comparisons cannot be chosen after seeing results. Restore the file. Or move it away and run the sweep again: this makes a new plan and keeps all results, but the comparisons then count as declared now.`,
      cause,
    });
  let text: string;
  try {
    text = readRegular(path).toString();
  } catch (error) {
    throw bad(ioError('read it', error).message.replace(/\.$/, ''), error);
  }
  let stored: Plan & { checksum?: string };
  try {
    stored = JSON.parse(text) as Plan & { checksum?: string };
  } catch (error) {
    throw bad(text.trim() === '' ? 'it is empty' : `it is not JSON (${(error as Error).message})`, error);
  }
  if (!isObject(stored) || !Number.isInteger(stored.format)) throw bad('expected a plan, got other JSON');
  if (stored.format !== FORMAT && stored.format !== 1)
    throw bad(`expected format ${FORMAT}, got ${stored.format}`);
  const { checksum, ...plan } = stored;
  if (checksum !== checksumOf(plan)) throw bad('the plan was changed: its checksum does not match');
  const problem = planProblem(plan);
  if (problem) throw bad(problem);
  if (plan.format === FORMAT) return plan;
  return { ...plan, arms: plan.arms.map((arm) => ({ ...arm, arithmetic: 'of an earlier version' })) };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** The problem of a plan, or null. The checksum does not authenticate a plan, so each value is checked before it is used. */
function planProblem(plan: Plan): string | null {
  const { name, arms, seeds, added, comparisons, margin, data } = plan;
  if (typeof name !== 'string' || !SWEEP_NAME.test(name))
    return `name: expected a name, got ${JSON.stringify(name)}`;
  if (!isObject(data) || !Object.values(data).every((sum) => typeof sum === 'string'))
    return 'data: expected checksums';
  if (!Array.isArray(arms) || arms.length === 0) return 'arms: expected a list';
  for (const arm of arms as PlannedArm[]) {
    const problem = armProblem(arm, plan);
    if (problem) return problem;
  }
  if (!areSeeds(seeds)) return 'seeds: expected a list of whole numbers of at least 0';
  const isAdded = (each: Plan['added'][number]): boolean =>
    isObject(each) && typeof each.at === 'string' && areSeeds(each.seeds);
  if (!Array.isArray(added) || !added.every(isAdded)) return 'added: expected a list of times and seeds';
  const names = new Set(arms.map((arm) => arm.name));
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair.every((each) => names.has(each));
  if (!Array.isArray(comparisons) || !comparisons.every(isPair)) return 'comparisons: expected pairs of arms';
  return typeof margin === 'number' && margin > 0 && margin <= 1
    ? null
    : 'margin: expected a number above 0, at most 1';
}

/** The problem of an arm, or null. Its config is checked by the same schema as a config file. */
function armProblem(arm: PlannedArm, { format, data }: Plan): string | null {
  if (!isObject(arm) || ![arm.name, arm.family, arm.fingerprint].every((text) => typeof text === 'string')) {
    return 'arms: the name or fingerprint of an arm is missing';
  }
  let config: ResolvedConfig;
  try {
    config = parseResolvedConfig({ ...arm.config }, `arm ${arm.name}`);
  } catch (error) {
    return (error as Error).message.replace(/\.$/, '');
  }
  if (format !== FORMAT || fingerprintOf(config, arm.arithmetic, data) === arm.fingerprint) return null;
  return `arms: the fingerprint of ${arm.name} does not match its config`;
}

function areSeeds(value: unknown): boolean {
  return Array.isArray(value) && value.every(isSeed);
}

function isSeed(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32;
}

/** The first difference between a plan and the sweep file's present contents, for a message; null if there is none. */
export function differenceFrom(plan: Plan, sweep: Plan): string | null {
  const names = (arms: readonly PlannedArm[]): string => arms.map(({ name }) => name).join(', ');
  if (names(plan.arms) !== names(sweep.arms))
    return `arms ${names(sweep.arms)} instead of ${names(plan.arms)}`;
  const other = sweep.arms.find(({ arithmetic }, index) => arithmetic !== plan.arms[index]?.arithmetic);
  if (other) return `the arithmetic ${other.arithmetic} for ${other.name}`;
  const changed = plan.arms.find((arm, index) => arm.fingerprint !== sweep.arms[index]?.fingerprint);
  if (changed) return `another config or other data for ${changed.name}`;
  const missing = sweep.seeds.filter((seed) => !plan.seeds.includes(seed));
  if (missing.length > 0) return `seeds that were not planned (${missing.join(', ')})`;
  const added = plan.added.flatMap(({ seeds }) => seeds);
  const removed = plan.seeds.filter((seed) => !added.includes(seed) && !sweep.seeds.includes(seed));
  if (removed.length > 0) return `no seed ${removed.join(', ')}`;
  if (JSON.stringify(plan.comparisons) !== JSON.stringify(sweep.comparisons)) return 'other comparisons';
  if (plan.margin !== sweep.margin) return `margin ${sweep.margin} instead of ${plan.margin}`;
  return null;
}
