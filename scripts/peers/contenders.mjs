/** @file Who is timed, and the private environments that the peers run in. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './client.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/** In the order of the table; README.md says what each one does. */
export const contenders = [
  { name: 'ours-native', worker: 'ours.mjs' },
  { name: 'ours-wasm', worker: 'ours.mjs' },
  { name: 'ours-tensorflow', worker: 'ours.mjs' },
  { name: 'torch', worker: 'torch_worker.py', environment: 'torch' },
  { name: 'torch-compile', worker: 'torch_worker.py', environment: 'torch' },
  { name: 'keras-fit', worker: 'keras_worker.py', environment: 'keras' },
  { name: 'keras-loop', worker: 'keras_worker.py', environment: 'keras' },
  { name: 'keras-jit', worker: 'keras_worker.py', environment: 'keras' },
  { name: 'jax', worker: 'jax_worker.py', environment: 'jax' },
  { name: 'tfjs-wasm', worker: 'tfjs_wasm.mjs', environment: 'tfjs', maxThreads: 1 },
];

const folderOf = (environment) => join(here, '.env', environment);
const pythonOf = (environment) => join(folderOf(environment), 'bin', 'python');

/** The command line of a contender's worker. */
export const commandOf = ({ name, worker, environment }, casePath, threads) => [
  worker.endsWith('.py') ? pythonOf(environment) : process.execPath,
  join(here, worker),
  casePath,
  name,
  String(threads),
];

/** What an environment is to hold, as text; and how to fill its folder. */
const recipe = async (environment) => {
  const folder = folderOf(environment);
  if (environment === 'tfjs') {
    // The version of the project's own tfjs-core; as that is there already, peer dependencies are left out.
    const { version } = createRequire(import.meta.url)('@tensorflow/tfjs-core/package.json');
    const wanted = `@tensorflow/tfjs-backend-wasm@${version}`;
    const flags = ['--no-package-lock', '--legacy-peer-deps', '--no-audit', '--no-fund'];
    return { wanted, steps: [['npm', 'install', '--prefix', folder, ...flags, wanted]] };
  }
  const requirements = join(here, `requirements-${environment}.txt`);
  return {
    wanted: `${await run(['python3', '--version'])}\n${readFileSync(requirements, 'utf8')}`,
    steps: [
      ['python3', '-m', 'venv', folder],
      [pythonOf(environment), '-m', 'pip', 'install', '--quiet', '-r', requirements],
    ],
  };
};

/**
 * Makes an environment, unless it is there and up to date.
 *
 * @param say is told when that will take a while
 */
export const install = async (environment, say) => {
  const { wanted, steps } = await recipe(environment);
  const folder = folderOf(environment);
  const stamp = join(folder, 'installed.txt'); // written last: without it the folder is not whole
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say(`installing ${environment}, once`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const step of steps) await run(step);
  writeFileSync(stamp, wanted);
};
