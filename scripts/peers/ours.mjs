/** @file wnlstm's engines on a CPU, called as in the trainer. */
import { readFileSync } from 'node:fs';
import { createEngine } from '../../dist/engines/select.js';
import { serve } from './worker.mjs';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

await serve(async (contender, input, learningRate) => {
  const engine = await createEngine(contender.replace('ours-', ''), input);
  const train = async (rows) => {
    for (const row of rows) engine.step(row, learningRate);
    const { loss, count } = await engine.drainMetrics();
    return loss / count;
  };
  return { version: `${version} (${engine.device})`, train };
});
