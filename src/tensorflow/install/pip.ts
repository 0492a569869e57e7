/** @file Runs pip, which handles mirrors, proxies and credentials. */

import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { systemCode, UserError } from '../../errors.js';

/** Where the output of pip goes. */
export interface PipOutput {
  /** A terminal, on which pip draws progress bars; null to pass lines to `line`. */
  readonly terminal: NodeJS.WriteStream | null;
  readonly line: (text: string) => void;
}

/** pip matches manylinux_2_27 exactly; manylinux2014 also matches older tags, which some wheels of nvidia have. */
const PLATFORM = [
  '--no-deps',
  '--only-binary=:all:',
  '--python-version=3.12',
  '--platform=manylinux_2_27_x86_64',
  '--platform=manylinux2014_x86_64',
];

const INSTALL_HINT =
  'Install Python 3 with pip (Debian, Ubuntu: `apt install python3-pip`; Fedora: `dnf install python3-pip`), or use a wheel with `--from`.';

/** The command that downloads wheels on another machine, for machines without a network. */
export function downloadCommand(requirements: readonly string[]): string {
  return `python3 -m pip download ${PLATFORM.join(' ')} ${requirements.map((each) => `'${each}'`).join(' ')}`;
}

/**
 * Downloads wheels. pip checks wheels that are already in the folder and does not download them again.
 *
 * @param requirements requirement specifiers of pip
 * @throws {UserError} E_BACKEND or E_IO if pip fails
 */
export async function downloadWheels(
  requirements: readonly string[],
  directory: string,
  { terminal, line }: PipOutput,
  signal?: AbortSignal,
): Promise<void> {
  const python = findPython();
  // No pip cache, because the wheels take gigabytes and are kept in the folder until they are unpacked.
  const options = ['--no-cache-dir', '--no-input', '--disable-pip-version-check', '--retries=2'];
  const child = spawn(
    python,
    [
      '-m',
      'pip',
      'download',
      ...options,
      '--implementation=cp',
      ...PLATFORM,
      '--dest',
      directory,
      ...requirements,
    ],
    {
      stdio: ['ignore', terminal ?? 'pipe', 'pipe'],
      signal,
      killSignal: 'SIGINT', // pip then removes partial downloads
    },
  );
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (text) => text.trim() && line(text.trim()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw explainPip(stderr, requirements.join(', '));
}

/**
 * Finds a Python 3 with pip 20.3 or newer.
 *
 * @throws {UserError} E_BACKEND if there is none
 */
export function findPython(): string {
  let withoutPip: string | null = null;
  for (const python of ['python3', 'python']) {
    const { error, stdout } = spawnSync(python, ['-m', 'pip', '--version'], { encoding: 'utf8' });
    if (systemCode(error) === 'ENOENT') continue;
    const found = /^pip (\d+)\.(\d+).*\(python 3/.exec(stdout ?? '');
    if (!found) withoutPip ??= python;
    else if (Number(found[1]) * 100 + Number(found[2]) >= 2003) return python;
    else {
      throw new UserError('E_BACKEND', `Expected pip 20.3 or newer, got pip ${found[1]}.${found[2]}.`, {
        hint: `Run \`${python} -m pip install --user --upgrade pip\`, or use a wheel with \`--from\`.`,
      });
    }
  }
  const got = withoutPip ? `\`${withoutPip}\` without pip` : 'no Python';
  throw new UserError('E_BACKEND', `Downloading TensorFlow needs Python 3 with pip, got ${got}.`, {
    hint: INSTALL_HINT,
  });
}

/**
 * Turns the output of a failed pip into an error.
 *
 * @param stderr the output of pip
 * @param what the requirements
 */
export function explainPip(stderr: string, what: string): UserError {
  const lines = stderr.split(/\r?\n/).map((line) => line.trim());
  const complaint = (
    lines.filter((line) => /^(ERROR|error):/i.test(line))[0] ??
    lines.findLast(Boolean) ??
    'nothing'
  )
    .replace(/^error:\s*/i, '')
    .replace(/[.:]$/, '');
  const fail = (code: 'E_BACKEND' | 'E_IO', message: string, hint: string): UserError =>
    new UserError(code, message, { hint, cause: new Error(stderr) });
  if (/No space left on device/.test(stderr)) {
    return fail(
      'E_IO',
      `Could not download ${what}: the disk is full.`,
      'Free some space, or set XDG_CACHE_HOME and TMPDIR to folders on another disk.',
    );
  }
  if (/Permission denied|Read-only file system/.test(stderr)) {
    return fail(
      'E_IO',
      `Could not download ${what}: ${complaint}.`,
      'Set XDG_CACHE_HOME to a writable folder.',
    );
  }
  if (
    /Retrying \(Retry|Max retries exceeded|ConnectionError|ConnectTimeout|ReadTimeout|ProxyError/.test(stderr)
  ) {
    return fail(
      'E_BACKEND',
      `Could not reach the package index for ${what}.`,
      'Check the network, and the proxy and mirror in `python3 -m pip config list`. Without a network, use wheels with `--from DIR`.',
    );
  }
  if (/No matching distribution|Could not find a version/.test(stderr)) {
    const versions = /\(from versions: ([^)]*)\)/.exec(stderr)?.[1]?.split(', ').slice(-8).join(', ');
    return fail(
      'E_BACKEND',
      `The package index has no ${what} for Linux on x86-64 and Python 3.12${versions && versions !== 'none' ? `; it has ${versions}` : ''}.`,
      'Choose another `--version`, or use a wheel with `--from`.',
    );
  }
  return fail(
    'E_BACKEND',
    `pip could not download ${what}: ${complaint}.`,
    'Run the same command again, or use a wheel with `--from`.',
  );
}

/**
 * Finds the folder of a TensorFlow that pip installed, without importing it.
 *
 * @throws {UserError} E_BACKEND if there is none
 */
export function installedTensorFlow(): string {
  const script =
    'import sys, importlib.util as u; sys.path = [p for p in sys.path if p]; s = u.find_spec("tensorflow"); print(*(s and s.submodule_search_locations or []))';
  let python: string | null = null;
  for (const name of ['python3', 'python']) {
    const { status, stdout } = spawnSync(name, ['-c', script], { encoding: 'utf8' });
    if (status !== 0) continue;
    python ??= name;
    if (stdout.trim()) return stdout.trim();
  }
  const got = python ? `\`${python}\` without TensorFlow` : 'no Python 3';
  throw new UserError('E_BACKEND', `--from pip: expected an installed TensorFlow, got ${got}.`, {
    hint: 'Activate the Python environment with TensorFlow, or name its folder: `--from …/site-packages/tensorflow`.',
  });
}
