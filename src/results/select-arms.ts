/** @file The best point of each arm's grid, chosen on validation data alone. */

import { UserError } from '../errors.js';
import { nearest } from '../text/nearest.js';
import type { Arm, ArmRun } from './arm.js';
import type { Results } from './results.js';

/** What may choose, and how. The last validation of a run that diverged was before it did: it has the worst there is. */
const CRITERIA = new Map<string, (run: ArmRun) => number>([
  ['val_accuracy', ({ status, summary }) => (status === 'diverged' ? 0 : (summary.val_accuracy ?? 0))],
  ['best_val_accuracy', ({ summary }) => summary.best_val_accuracy ?? 0],
  [
    'val_loss',
    ({ status, summary }) =>
      status === 'diverged' ? Number.NEGATIVE_INFINITY : -(summary.val_loss ?? Number.POSITIVE_INFINITY),
  ],
]);

/**
 * Keeps of each arm of a sweep file the point of its grid that is best on validation data.
 *
 * @param name the criterion
 * @returns the arms that are left, each after the first paired with the first (none is declared), and what to say of it
 * @throws {UserError} E_USAGE for another criterion: on test data nothing is selected
 */
export function selectArms(
  results: Results,
  name: string,
): { arms: readonly Arm[]; pairs: readonly (readonly [string, string])[]; note: string } {
  const criterion = CRITERIA.get(name);
  if (!criterion) {
    const known = [...CRITERIA.keys()];
    const message = name.includes('test')
      ? `Nothing is selected by ${name}: what was chosen on test data cannot be measured on it.`
      : `Expected a criterion to select by, got ${name}${nearest(name, known)}.`;
    throw new UserError('E_USAGE', message, { hint: `There are ${known.join(', ')}.` });
  }
  const { plan } = results;
  if (!plan) {
    throw new UserError('E_USAGE', 'Expected a sweep to select from, got single runs.', {
      hint: 'Name a folder that `wnlstm sweep` made.',
    });
  }
  const best = new Map<string, Arm>();
  for (const [at, { family }] of plan.arms.entries()) {
    const arm = results.arms[at];
    const before = best.get(family);
    if (!before || scoreOf(arm, criterion) > scoreOf(before, criterion)) best.set(family, arm);
  }
  const arms = [...best.values()];
  const pairs = arms.slice(1).map((arm): [string, string] => [arm.name, arms[0].name]);
  const note = `Selected by ${name}: the best of ${results.arms.length} arms for each of ${[...best.keys()].join(', ')}. What was declared for the whole sweep is not tested here.`;
  return { arms, pairs, note };
}

/** Mean of the criterion over the runs. */
function scoreOf({ runs }: Arm, criterion: (run: ArmRun) => number): number {
  return runs.length === 0
    ? Number.NEGATIVE_INFINITY
    : runs.reduce((sum, run) => sum + criterion(run), 0) / runs.length;
}
