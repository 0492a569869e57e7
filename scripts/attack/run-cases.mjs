// Runs cases in several lanes at the same time, and counts the violations.
import { createInside } from './program.mjs';

/**
 * @typedef {object} Case
 * @property {string} part  the row of the table
 * @property {string} title  describes the case so that it can be repeated
 * @property {(lane: { inside: object, faulty: object }) => Promise<string[]>} attack  returns the violations
 */

/**
 * @param {readonly Iterator<Case>[]} sources each gets the same fraction of the time until it is exhausted
 * @param {{ library: string, lanes: number, until: number, onProblem?: (title: string, problems: string[]) => void }} options
 *   `until` is a time of `performance.now()`
 * @returns {Promise<Map<string, { count: number, seconds: number, problems: { title: string, problems: string[] }[] }>>}
 */
export const runCases = async (sources, { library, lanes, until, onProblem = () => {} }) => {
  const rows = new Map();
  const waiting = sources.map((cases) => ({ cases, spent: 0 }));
  const next = () => {
    for (;;) {
      const source = waiting.toSorted((a, b) => a.spent - b.spent)[0];
      if (!source || performance.now() > until) return null;
      const { value, done } = source.cases.next();
      if (!done) return { source, value };
      waiting.splice(waiting.indexOf(source), 1);
    }
  };
  const lane = async () => {
    const processes = { inside: createInside(null), faulty: createInside(library) };
    try {
      for (let chosen = next(); chosen; chosen = next()) {
        const { source, value } = chosen;
        const started = performance.now();
        source.spent += 500; // provisional, so that the lanes do not all take from one source
        let problems;
        try {
          problems = await value.attack(processes);
        } catch (error) {
          problems = [`the attack itself failed: ${error.stack}`];
        }
        const seconds = (performance.now() - started) / 1000;
        source.spent += seconds * 1000 - 500;
        const row = rows.get(value.part) ?? { count: 0, seconds: 0, problems: [] };
        rows.set(value.part, row);
        row.count++;
        row.seconds += seconds;
        if (problems.length === 0) continue;
        row.problems.push({ title: value.title, problems });
        onProblem(value.title, problems);
      }
    } finally {
      processes.inside.close();
      processes.faulty.close();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return rows;
};
