/** @file Python, with the packages that read exported files, for tests. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const PYTHON = process.platform === 'win32' ? 'python' : 'python3';

/** Why a test that needs packages of Python is skipped; false if all of them are there. */
export function lacks(...packages: readonly string[]): string | false {
  const script = `import importlib.util, sys
print(*[name for name in sys.argv[1:] if importlib.util.find_spec(name) is None])`;
  const { status, stdout } = spawnSync(PYTHON, ['-c', script, ...packages], { encoding: 'utf8' });
  if (status !== 0) return `${PYTHON} is missing, which reads the file with ${packages.join(' and ')}`;
  const missing = stdout.trim();
  return missing === '' ? false : `${PYTHON} lacks ${missing}; install it with \`pip install ${missing}\``;
}

/** Runs a script and returns what it prints, which must be JSON. */
export function python(script: string, ...args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
    maxBuffer: 2 ** 26,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}
