/** @file The state of every run of a sweep, updated by its events. */

import type { Summary } from '../runs/record.js';
import type { Plan, PlannedRun } from './plan.js';
import type { SweepEvent } from './scheduler.js';

/** The state of one run. */
export type RunState =
  | { readonly kind: 'waiting' | 'diverged' | 'failed' | 'interrupted' }
  /** `fraction` of the steps are completed. */
  | { readonly kind: 'running'; readonly fraction: number }
  | { readonly kind: 'completed'; readonly valAccuracy: number | null };

/** The states of all runs of a sweep. */
export interface Board {
  readonly arms: readonly string[];
  readonly seeds: readonly number[];
  readonly state: (arm: string, seed: number) => RunState;
  /** The number of runs in any of these states. */
  readonly count: (...kinds: readonly RunState['kind'][]) => number;
  /** Steps of all runs: their total, those completed, and those of them that this process computed. */
  readonly steps: () => { readonly total: number; readonly completed: number; readonly computed: number };
  readonly onEvent: (event: SweepEvent) => void;
}

/**
 * Creates a board.
 *
 * @param stepsOf the number of steps of a run
 * @param results the results that exist before the sweep starts
 */
export function createBoard(
  { arms, seeds }: Plan,
  runs: readonly PlannedRun[],
  stepsOf: (run: PlannedRun) => number,
  results: ReadonlyMap<PlannedRun, Summary>,
): Board {
  const key = (arm: string, seed: number): string => `${arm} ${seed}`;
  const states = new Map<string, RunState>();
  const setState = (run: PlannedRun, state: RunState): void => void states.set(key(run.arm, run.seed), state);
  let total = 0;
  let completed = 0;
  let computed = 0;
  for (const run of runs) {
    const summary = results.get(run);
    setState(run, summary ? stateOf(summary) : { kind: 'waiting' });
    total += stepsOf(run);
    if (summary) completed += stepsOf(run);
  }
  const stepOf = new Map<PlannedRun, number>();
  /** The first step that a run reports is where it resumes; only later steps are computed by this process. */
  const moveTo = (run: PlannedRun, step: number): void => {
    const before = stepOf.get(run);
    completed += step - (before ?? 0);
    if (before !== undefined) computed += step - before;
    stepOf.set(run, step);
  };
  return {
    arms: arms.map(({ name }) => name),
    seeds,
    state: (arm, seed) => states.get(key(arm, seed)) ?? { kind: 'waiting' },
    count: (...kinds) => [...states.values()].filter(({ kind }) => kinds.includes(kind)).length,
    steps: () => ({ total, completed, computed }),
    onEvent: (event) => {
      const { run } = event;
      switch (event.kind) {
        case 'start':
          return setState(run, { kind: 'running', fraction: 0 });
        case 'step':
          moveTo(run, event.step);
          return setState(run, { kind: 'running', fraction: event.step / stepsOf(run) });
        case 'end': {
          const { end } = event;
          if ('summary' in end) moveTo(run, end.summary.steps);
          if (end.kind === 'taken') return setState(run, { kind: 'waiting' });
          // Steps after a divergence or a failure will not be computed.
          if (end.kind !== 'interrupted') total -= stepsOf(run) - (stepOf.get(run) ?? 0);
          return setState(run, 'summary' in end ? stateOf(end.summary) : { kind: end.kind });
        }
        default:
          event satisfies never;
      }
    },
  };
}

function stateOf({ status, val_accuracy }: Summary): RunState {
  return status === 'completed' ? { kind: status, valAccuracy: val_accuracy } : { kind: status };
}
