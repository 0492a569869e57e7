/** @file pip in a child process: it knows mirrors, proxies and credentials, so nothing here speaks to a network. */

import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { systemCode, UserError } from '../../errors.js';

/** Where a child's progress goes. */
export interface Progress {
  /** A terminal, on which pip draws its bars; null for lines. */
  readonly terminal: NodeJS.WriteStream | null;
  readonly line: (text: string) => void;
}

/** pip takes manylinux_2_27 literally; 2014 stands for all older ones, which some of nvidia's wheels have. */
const PLATFORM = [
  '--no-deps',
  '--only-binary=:all:',
  '--python-version=3.12',
  '--platform=manylinux_2_27_x86_64',
  '--platform=manylinux2014_x86_64',
];

const INSTALL_HINT =
  'Install Python 3 with pip (Debian, Ubuntu: `apt install python3-pip`; Fedora: `dnf install python3-pip`), or give a wheel with `--from`.';

/** The command that fetches wheels on a machine with a network, for one without. */
export function downloadCommand(requirements: readonly string[]): string {
  return `python3 -m pip download ${PLATFORM.join(' ')} ${requirements.map((each) => `'${each}'`).join(' ')}`;
}

/**
 * Downloads wheels. Those that are in the folder already are checked by pip and not fetched again.
 *
 * @param requirements as pip takes them
 * @throws {UserError} E_BACKEND or E_IO if pip does not get them
 */
export async function downloadWheels(
  requirements: readonly string[],
  directory: string,
  { terminal, line }: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const python = findPython();
  // Without a cache of its own: the wheels are gigabytes, and are kept here until they are unpacked.
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
      killSignal: 'SIGINT', // pip then removes what it has begun
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
 * A Python 3 that has pip.
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
        hint: `Run \`${python} -m pip install --user --upgrade pip\`, or give a wheel with \`--from\`.`,
      });
    }
  }
  const got = withoutPip ? `\`${withoutPip}\` without pip` : 'no Python';
  throw new UserError('E_BACKEND', `Expected Python 3 with pip to fetch TensorFlow, got ${got}.`, {
    hint: INSTALL_HINT,
  });
}

/**
 * Turns what pip complained about into words.
 *
 * @param stderr all that pip wrote
 * @param what was asked for
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
      'Free some space, or set XDG_CACHE_HOME (and TMPDIR, where pip works) to a folder on another disk.',
    );
  }
  if (/Permission denied|Read-only file system/.test(stderr)) {
    return fail(
      'E_IO',
      `Could not download ${what}: ${complaint}.`,
      'Set XDG_CACHE_HOME to a folder that can be written.',
    );
  }
  if (
    /Retrying \(Retry|Max retries exceeded|ConnectionError|ConnectTimeout|ReadTimeout|ProxyError/.test(stderr)
  ) {
    return fail(
      'E_BACKEND',
      `Could not reach the package index for ${what}.`,
      'Check the network, and for a proxy or mirror `python3 -m pip config list`; without a network give wheels with `--from DIR`.',
    );
  }
  if (/No matching distribution|Could not find a version/.test(stderr)) {
    const versions = /\(from versions: ([^)]*)\)/.exec(stderr)?.[1].split(', ').slice(-8).join(', ');
    return fail(
      'E_BACKEND',
      `The package index has no ${what} for Linux on x86-64 and Python 3.12${versions && versions !== 'none' ? `, but ${versions}` : ''}.`,
      'Choose another `--version`, or give a wheel with `--from`.',
    );
  }
  return fail(
    'E_BACKEND',
    `pip could not download ${what}: ${complaint}.`,
    'Run the same command again, or give a wheel with `--from`.',
  );
}

/**
 * The folder of a TensorFlow that pip installed, found without importing it.
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
  const got = python ? `a \`${python}\` without it` : 'no Python 3';
  throw new UserError('E_BACKEND', `--from pip: expected an installed TensorFlow, got ${got}.`, {
    hint: 'Activate the environment that has it, or give its folder: `--from …/site-packages/tensorflow`.',
  });
}
