/** @file The curves of arms, which the server computes. They are asked for again when rows arrive, but not all the time. */

import type { ArmCurve } from '../shared/protocol.js';
import type { ViewState } from '../shared/view-state.js';
import { fetchCurves } from './connection.js';

interface Answer {
  readonly request: string;
  curves: readonly ArmCurve[];
  isOld: boolean;
  nextAt: number;
}

/** The curves of the arms of sweeps. */
export interface ArmAnswers {
  /** The curves of a sweep as far as they are known; asks for them if they are old. */
  readonly curvesOf: (group: string, state: ViewState) => readonly ArmCurve[];
  /** Says that rows of a sweep have arrived. */
  readonly markOld: (group: string) => void;
}

/** @param onChange called when curves arrive */
export function createArmAnswers(onChange: () => void): ArmAnswers {
  const answers = new Map<string, Answer>();
  const pending = new Set<string>();

  const ask = async (group: string, query: Readonly<Record<string, string>>): Promise<void> => {
    if (pending.has(group)) return;
    pending.add(group);
    const answer = answers.get(group);
    if (answer) answer.isOld = false;
    try {
      const { curves, complete, waitMs } = await fetchCurves(query);
      const request = JSON.stringify(query);
      const isOld = !complete || (answers.get(group)?.isOld ?? false);
      answers.set(group, { request, curves, isOld, nextAt: performance.now() + waitMs });
      onChange();
      setTimeout(onChange, waitMs);
    } catch {
      if (answer) answer.isOld = true; // the server is gone; rows that arrive later ask again
    } finally {
      pending.delete(group);
    }
  };

  return {
    curvesOf: (group, { columns, x, smooth, band }) => {
      const query = { group, columns: columns.join(','), x, smooth: String(smooth), band };
      const answer = answers.get(group);
      const isOther = answer?.request !== JSON.stringify(query);
      const isDue = Boolean(answer?.isOld) && performance.now() >= (answer?.nextAt ?? 0);
      if (isOther || isDue) void ask(group, query);
      return answer?.curves ?? [];
    },
    markOld: (group) => {
      const answer = answers.get(group);
      if (answer) answer.isOld = true;
    },
  };
}
