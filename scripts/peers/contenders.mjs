/** @file The contenders, and the environments in which the peers run. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './client.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The contenders in the order of the table. README.md describes them. */
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

/** The content of an environment, as text, and the commands that install it. */
const recipe = async (environment) => {
  const folder = folderOf(environment);
  if (environment === 'tfjs') {
    // The version of the project's tfjs-core, which is already installed, so peer dependencies are omitted.
    const { version } = createRequire(import.meta.url)('@tensorflow/tfjs-core/package.json');
    const content = `@tensorflow/tfjs-backend-wasm@${version}`;
    const flags = ['--no-package-lock', '--legacy-peer-deps', '--no-audit', '--no-fund'];
    return { content, steps: [['npm', 'install', '--prefix', folder, ...flags, content]] };
  }
  const requirements = join(here, `requirements-${environment}.txt`);
  return {
    content: `${await run(['python3', '--version'])}\n${readFileSync(requirements, 'utf8')}`,
    steps: [
      ['python3', '-m', 'venv', folder],
      [pythonOf(environment), '-m', 'pip', 'install', '--quiet', '-r', requirements],
    ],
  };
};

/**
 * Installs an environment, unless it is up to date.
 *
 * @param say called with a message before a long installation
 */
export const install = async (environment, say) => {
  const { content, steps } = await recipe(environment);
  const folder = folderOf(environment);
  const stamp = join(folder, 'installed.txt'); // written last: a folder without it is incomplete
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === content) return;
  say(`installing ${environment} (first run only)`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const step of steps) await run(step);
  writeFileSync(stamp, content);
};
