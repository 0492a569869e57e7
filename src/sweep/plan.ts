/** @file plan.json: what a sweep is, frozen before its first run, so that nobody moves the goalposts afterwards. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, parseConfig } from '../config.js';
import { ioError, UserError } from '../errors.js';
import { readRegular, replaceFile, toJson } from '../files.js';
import { PLAN_FILE } from '../runs/find.js';
import { fingerprint, runId } from '../runs/record.js';
import { SWEEP_NAME, type Sweep, type SweepArm } from './grid.js';

/** An arm with its backend decided, and so its arithmetic; `config.seed` says nothing. */
export interface DecidedArm extends SweepArm {
  readonly arithmetic: string;
}

/** A sweep whose backends are decided. */
export interface DecidedSweep extends Sweep {
  readonly arms: readonly DecidedArm[];
}

/** An arm as a plan has it. */
export interface PlannedArm extends DecidedArm {
  /** Of its runs. */
  readonly fingerprint: string;
}

/** What plan.json holds, but for its checksum. */
export interface Plan {
  readonly format: number;
  readonly name: string;
  readonly about: string | null;
  readonly created_at: string;
  readonly arms: readonly PlannedArm[];
  readonly seeds: readonly number[];
  /** Seeds that are not in the file, and when they were added: after a look at the results, p is not exact any more. */
  readonly added: readonly { readonly at: string; readonly seeds: readonly number[] }[];
  readonly comparisons: readonly (readonly [string, string])[];
  readonly margin: number;
  /** SHA-256 of the data's files. */
  readonly data: Readonly<Record<string, string>>;
}

/** One run of a plan. */
export interface PlannedRun {
  readonly arm: string;
  readonly seed: number;
  /** Its folder beside plan.json. */
  readonly id: string;
  readonly config: Config;
}

/** Format 1 had no arithmetic. */
const FORMAT = 2;

/**
 * Freezes a sweep whose backends are decided.
 *
 * @param now in ISO 8601
 * @throws {UserError} E_CONFIG if two arms are the same configuration
 */
export function freeze(sweep: DecidedSweep, checksums: Readonly<Record<string, string>>, now: string): Plan {
  const arms = sweep.arms.map(
    (arm): PlannedArm => ({ ...arm, fingerprint: fingerprint(arm.config, arm.arithmetic, checksums) }),
  );
  const first = new Map<string, string>();
  for (const arm of arms) {
    const other = first.get(arm.fingerprint);
    if (other !== undefined) {
      throw new UserError(
        'E_CONFIG',
        `${sweep.name}: the arms ${other} and ${arm.name} are the same config.`,
        {
          hint: 'Every run would be there twice; take one of them out.',
        },
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

/** All runs, seed by seed: whenever it is stopped, the arms have about the same seeds. */
export function plannedRuns({ arms, seeds }: Plan): PlannedRun[] {
  return seeds.flatMap((seed) =>
    arms.map(({ name, config: shared, fingerprint: print }) => {
      const config = { ...shared, seed };
      return { arm: name, seed, id: runId(config, print), config };
    }),
  );
}

/**
 * The plan with so many more seeds, the smallest that it does not have yet.
 *
 * @param now goes on record; of a plan that is just made, its own time
 */
export function addSeeds(plan: Plan, count: number, now: string): Plan {
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
 * The plan in a folder, or null if it has none.
 *
 * @throws {UserError} E_RUN if it was changed since this program wrote it, is of another format, or makes no sense
 */
export function readPlan(directory: string): Plan | null {
  const path = join(directory, PLAN_FILE);
  if (!existsSync(path)) return null;
  const bad = (message: string, cause?: unknown): UserError =>
    new UserError('E_RUN', `${path}: ${message}.`, {
      hint: `A plan is frozen so that results mean what was planned. Put it back as it was; or move ${PLAN_FILE} away and sweep again, which plans anew and keeps every run that has a result, but not the time at which the comparisons were declared.`,
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
    throw bad(`expected JSON, got ${text.trim() === '' ? 'an empty file' : (error as Error).message}`, error);
  }
  if (!isObject(stored) || !Number.isInteger(stored.format)) throw bad('expected a plan, got something else');
  if (stored.format !== FORMAT && stored.format !== 1)
    throw bad(`expected format ${FORMAT}, got ${stored.format}`);
  const { checksum, ...plan } = stored;
  if (checksum !== checksumOf(plan)) throw bad('it was changed by hand: its checksum is another');
  const problem = planProblem(plan);
  if (problem) throw bad(problem);
  if (plan.format === FORMAT) return plan;
  return { ...plan, arms: plan.arms.map((arm) => ({ ...arm, arithmetic: 'of an earlier version' })) };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** The checksum has no key, so anybody can make one: what a plan says is checked before it is used. */
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
  if (!areSeeds(seeds)) return 'seeds: expected a list of whole numbers';
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

/** What is wrong with an arm: its config goes through the same schema as what a person writes. */
function armProblem(arm: PlannedArm, { format, data }: Plan): string | null {
  if (!isObject(arm) || ![arm.name, arm.family, arm.fingerprint].every((text) => typeof text === 'string')) {
    return 'an arm lacks its name or fingerprint';
  }
  let config: Config;
  try {
    config = parseConfig({ ...arm.config }, `arm ${arm.name}`);
  } catch (error) {
    return (error as Error).message.replace(/\.$/, '');
  }
  if (format !== FORMAT || fingerprint(config, arm.arithmetic, data) === arm.fingerprint) return null;
  return `the fingerprint of arm ${arm.name} is not that of its config`;
}

function areSeeds(value: unknown): boolean {
  return Array.isArray(value) && value.every(isSeed);
}

function isSeed(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32;
}

/** What of a sweep differs from its plan, in words; null if it is the one that was planned. */
export function differenceFrom(plan: Plan, sweep: Plan): string | null {
  const names = (arms: readonly PlannedArm[]): string => arms.map(({ name }) => name).join(', ');
  if (names(plan.arms) !== names(sweep.arms))
    return `arms ${names(sweep.arms)} instead of ${names(plan.arms)}`;
  const other = sweep.arms.find(({ arithmetic }, at) => arithmetic !== plan.arms[at].arithmetic);
  if (other) return `the arithmetic ${other.arithmetic} for ${other.name}`;
  const changed = plan.arms.find((arm, at) => arm.fingerprint !== sweep.arms[at].fingerprint);
  if (changed) return `another config or other data for ${changed.name}`;
  const missing = sweep.seeds.filter((seed) => !plan.seeds.includes(seed));
  if (missing.length > 0) return `seeds that were not planned (${missing.join(', ')})`;
  const later = plan.added.flatMap(({ seeds }) => seeds);
  const dropped = plan.seeds.filter((seed) => !later.includes(seed) && !sweep.seeds.includes(seed));
  if (dropped.length > 0) return `no seed ${dropped.join(', ')}`;
  if (JSON.stringify(plan.comparisons) !== JSON.stringify(sweep.comparisons)) return 'other comparisons';
  if (plan.margin !== sweep.margin) return `margin ${sweep.margin} instead of ${plan.margin}`;
  return null;
}
