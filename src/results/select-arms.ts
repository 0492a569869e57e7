/** @file Model selection: the best grid point of each arm of a sweep file, chosen on validation data only. */

import { UserError } from '../errors.js';
import { nearest } from '../text/nearest.js';
import type { Arm, ArmRun } from './arm.js';
import type { Results } from './results.js';

/**
 * The criteria, as scores to maximise. By the last validation, a run that diverged gets the worst score, because that
 * validation came before the divergence.
 */
const CRITERIA = new Map<string, (run: ArmRun) => number>([
  ['val_accuracy', ({ status, summary }) => (status === 'diverged' ? 0 : (summary.val_accuracy ?? 0))],
  ['best_val_accuracy', ({ summary }) => summary.best_val_accuracy ?? 0],
  [
    'val_loss',
    ({ status, summary }) =>
      status === 'diverged' ? Number.NEGATIVE_INFINITY : -(summary.val_loss ?? Number.POSITIVE_INFINITY),
  ],
]);

/** The selected arms, and how to compare them. */
export interface Selection {
  readonly arms: readonly Arm[];
  /** Every selected arm with the first one. None of these pairs was declared. */
  readonly pairs: readonly (readonly [string, string])[];
  /** A sentence that describes the selection. */
  readonly note: string;
}

/**
 * Selects, for each arm of a sweep file, its grid point with the best mean score on validation data.
 *
 * @param name the criterion
 * @throws {UserError} E_USAGE for an unknown criterion, one on test data, or runs without a plan
 */
export function selectArms({ plan, arms }: Results, name: string): Selection {
  const criterion = CRITERIA.get(name);
  if (!criterion) throw unknownCriterion(name);
  if (!plan) {
    throw new UserError('E_USAGE', '--select: expected a sweep, got single runs.', {
      hint: 'Name the folder of a sweep.',
    });
  }
  const byName = new Map(arms.map((arm) => [arm.name, arm]));
  const best = new Map<string, { readonly arm: Arm; readonly score: number }>();
  for (const { name: armName, family: gridArm } of plan.arms) {
    const arm = byName.get(armName);
    if (!arm) continue;
    const score = scoreOf(arm, criterion);
    const before = best.get(gridArm);
    if (!before || score > before.score) best.set(gridArm, { arm, score });
  }
  const selected = [...best.values()].map(({ arm }) => arm);
  const [first, ...others] = selected.map((arm) => arm.name);
  return {
    arms: selected,
    pairs: first === undefined ? [] : others.map((other): [string, string] => [other, first]),
    note: `Selected by ${name}: the best grid point of each of ${[...best.keys()].join(', ')}, out of ${arms.length} arms. The comparisons declared in the sweep file are not tested here.`,
  };
}

function unknownCriterion(name: string): UserError {
  const known = [...CRITERIA.keys()];
  const message = name.includes('test')
    ? `--select: expected a criterion on validation data, got ${name}. Test data is only for measuring the result, not for choosing it.`
    : `--select: expected a criterion, got ${name}${nearest(name, known)}.`;
  return new UserError('E_USAGE', message, { hint: `The criteria are ${known.join(', ')}.` });
}

/** The mean of the criterion over the runs; the worst score without runs. */
function scoreOf({ runs }: Arm, criterion: (run: ArmRun) => number): number {
  return runs.length === 0
    ? Number.NEGATIVE_INFINITY
    : runs.reduce((sum, run) => sum + criterion(run), 0) / runs.length;
}
