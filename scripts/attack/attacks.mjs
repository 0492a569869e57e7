// Runs all attacks, until a time limit or for a given number of cases of each part.
import { damageCases } from './damage.mjs';
import { errorCases, killCases } from './operations.mjs';
import { prepareRaces, raceCases } from './races.mjs';
import { runCases } from './run-cases.mjs';
import { createScene, randomFrom } from './scene.mjs';
import { prepareSweep, sweepCases } from './sweeps.mjs';
import { workerCases } from './workers.mjs';

/** The parts. Each derives its own seed, so that its cases do not depend on which other parts run. */
const CASES = {
  kill: (scene, random) => killCases(scene, random).values(),
  error: (scene, random) => errorCases(scene, random).values(),
  sweep: async (scene, random) => sweepCases(scene, await prepareSweep(scene), random),
  race: async (scene, random) => raceCases(scene, await prepareRaces(scene), random),
  damage: (scene, random) => damageCases(scene, random),
  work: async (scene, random) => workerCases(scene, await prepareSweep(scene), random),
};
export const PARTS = Object.keys(CASES);

function* atMost(count, cases) {
  for (let taken = 0; taken < count; taken++) {
    const { value, done } = cases.next();
    if (done) return;
    yield value;
  }
}

/**
 * @param {string} scratch an empty folder
 * @param {{ seed: number, parts: readonly string[], lanes: number, milliseconds: number, sample?: Record<string, number>,
 *   onProblem?: (title: string, problems: string[]) => void }} options `sample`: the largest number of cases of each part
 * @returns the rows of the table, by part; see runCases
 */
export const attack = async (scratch, { seed, parts, lanes, milliseconds, sample, onProblem }) => {
  const scene = await createScene(scratch);
  const sources = [];
  for (const part of parts) {
    const cases = await CASES[part](scene, randomFrom(seed + PARTS.indexOf(part)));
    sources.push(sample ? atMost(sample[part], cases) : cases);
  }
  const until = performance.now() + milliseconds;
  return runCases(sources, { library: scene.library, lanes, until, onProblem });
};

/** The results as a Markdown table: the attack, the number of cases, the violations, the time. */
export const table = (rows) =>
  [
    '| attack | cases | violations | seconds per case |',
    '|---|--:|--:|--:|',
    ...[...rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([part, { count, seconds, problems }]) =>
          `| ${part} | ${count} | ${problems.length} | ${(seconds / count).toFixed(2)} |`,
      ),
  ].join('\n');
