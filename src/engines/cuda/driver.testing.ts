/** @file Training on the emulated GPU in another process, whose driver fails as told. */

import { spawn } from 'node:child_process';
import { initialParameters } from '../../model/spec.js';
import { inputOf, oracleBatch, oracleCases } from '../oracle.testing.js';
import { openDevice } from './device.js';
import { buildEmulation } from './emulation/build.testing.js';
import { createCudaEngine } from './engine.js';

/**
 * Trains in a process of its own while calls fail.
 *
 * @param rules the value of EMULATED_FAIL
 * @returns `done`, or code, message and hint of the error
 */
export async function outcomeWith(rules: string): Promise<string> {
  const code = `const { outcome } = await import(${JSON.stringify(import.meta.url)});
    process.stdout.write(await outcome());`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    env: {
      ...process.env,
      WNLSTM_LIBCUDA: await buildEmulation({ checked: false }),
      EMULATED_FAIL: rules,
      EMULATED_SHARED: String(99 * 1024),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => child.on('error', reject).on('close', () => resolve(output)));
}

/** What {@link outcomeWith} does in the other process. */
export async function outcome(): Promise<string> {
  try {
    const [example] = oracleCases();
    if (!example) throw new Error('there is no recorded case');
    const { spec, ...rest } = inputOf(example, { units: 96 }); // needs cuFuncSetAttribute for its shared memory
    const input = { spec, ...rest, parameters: initialParameters(spec, 0, null) };
    const engine = await createCudaEngine(openDevice(), input);
    for (let step = 1; step <= 70; step++) engine.step(oracleBatch(example, step), 0.05);
    await engine.drainMetrics();
    await engine.evaluate(example.dataset.test);
    engine.load(engine.save());
    engine.dispose();
    return 'done';
  } catch (error) {
    const { code, message, hint } = error as Error & { code?: string; hint?: string };
    return `${code} ${message} / ${hint ?? ''}`;
  }
}
