/** @file Where every run of a sweep stands, kept up to date by what happens. */

import type { JobEnd } from './executor.js';
import type { Plan, PlannedRun } from './plan.js';
import type { SweepEvent } from './scheduler.js';

/** Where one run stands. */
export type RunState =
  | { readonly kind: 'waiting' | 'diverged' | 'failed' | 'interrupted' }
  | { readonly kind: 'running'; readonly share: number }
  | { readonly kind: 'completed'; readonly valAccuracy: number | null };

/** All runs of a sweep. */
export interface Board {
  readonly arms: readonly string[];
  readonly seeds: readonly number[];
  readonly state: (arm: string, seed: number) => RunState;
  /** Runs in any of these states. */
  readonly count: (...kinds: readonly RunState['kind'][]) => number;
  /** Steps of all runs together, those that are done, and those of them that this process saw. */
  readonly steps: () => { readonly total: number; readonly done: number; readonly seen: number };
  readonly onEvent: (event: SweepEvent) => void;
}

/**
 * @param stepsOf how many steps a run has
 * @param resultOf how a run stands on disk: as ended, or null
 */
export function createBoard(
  { arms, seeds }: Plan,
  runs: readonly PlannedRun[],
  stepsOf: (run: PlannedRun) => number,
  resultOf: (run: PlannedRun) => RunState | null,
): Board {
  const key = (arm: string, seed: number): string => `${arm} ${seed}`;
  const states = new Map<string, RunState>();
  let total = 0;
  let done = 0;
  let seen = 0;
  const stepOf = new Map<PlannedRun, number>();
  for (const run of runs) {
    const result = resultOf(run);
    states.set(key(run.arm, run.seed), result ?? { kind: 'waiting' });
    total += stepsOf(run);
    if (result) done += stepsOf(run);
  }
  /** A run that goes on starts in its middle: only what is done from then on was seen. */
  const moveTo = (run: PlannedRun, step: number): void => {
    const before = stepOf.get(run);
    done += step - (before ?? 0);
    if (before !== undefined) seen += step - before;
    stepOf.set(run, step);
  };
  const endState = (run: PlannedRun, end: JobEnd): RunState =>
    end.kind === 'completed' ? (resultOf(run) ?? { kind: 'failed' }) : { kind: end.kind };
  return {
    arms: arms.map(({ name }) => name),
    seeds,
    state: (arm, seed) => states.get(key(arm, seed)) ?? { kind: 'waiting' },
    count: (...kinds) => [...states.values()].filter(({ kind }) => kinds.includes(kind)).length,
    steps: () => ({ total, done, seen }),
    onEvent: (event) => {
      const { run } = event;
      const set = (state: RunState): void => void states.set(key(run.arm, run.seed), state);
      switch (event.kind) {
        case 'start':
          return set({ kind: 'running', share: 0 });
        case 'progress':
          moveTo(run, event.progress.step);
          return set({ kind: 'running', share: event.progress.step / event.progress.totalSteps });
        case 'end':
          if (event.end.kind !== 'interrupted') total -= stepsOf(run) - (stepOf.get(run) ?? 0); // no more will come
          return set(endState(run, event.end));
        default:
          event satisfies never;
      }
    },
  };
}
