/** @file Runs Slurm's commands. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ioError, systemCode, UserError } from '../errors.js';

const UNREACHABLE =
  'The controller of the cluster does not answer. Try again later; `scontrol ping` shows its state.';

/** Longer than Slurm's commands wait for a controller that does not answer. */
const TIMEOUT_MS = 120_000;

/**
 * Runs a command of Slurm.
 *
 * @param act what the command does, for errors, such as "submit a job"
 * @param unset names of variables of the environment that the command must not see
 * @returns its standard output
 * @throws {UserError} E_SLURM if it is missing or fails, with Slurm's reason
 */
export async function slurm(
  program: string,
  args: readonly string[],
  act: string,
  unset: readonly string[] = [],
): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, unset);
  if (code === 0) return stdout;
  throw new UserError('E_SLURM', `Could not ${act}: ${reasonIn(stderr) || `exit code ${code}`}.`, {
    hint: hintFor(stderr),
  });
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], unset: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment(unset),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    child.on('error', (error) => reject(problem(program, error)));
  });
}

function problem(program: string, error: Error): UserError {
  if (error.name === 'AbortError')
    return new UserError('E_SLURM', `${program} did not answer in ${TIMEOUT_MS / 1000} s.`, {
      hint: UNREACHABLE,
      cause: error,
    });
  return systemCode(error) === 'ENOENT' ? missing(program) : ioError(`run ${program}`, error);
}

/** The environment without variables such as SQUEUE_STATES, which would change what a command reports. */
function environment(unset: readonly string[]): NodeJS.ProcessEnv {
  const isFilter = (name: string): boolean => /^(SQUEUE|SCANCEL)_/.test(name) || unset.includes(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isFilter(name)));
}

function missing(program: string): UserError {
  return new UserError('E_SLURM', `Slurm is not available here: there is no ${program} on the PATH.`, {
    hint: 'Run this command on a login node of the cluster. On some clusters, `module load slurm` is needed first.',
  });
}

/** The reason in Slurm's error messages: the last one, without the name of the program. */
function reasonIn(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.replace(/^\w+: (?:(?:error|fatal): )?/, '').trim())
    .filter(Boolean);
  return (lines.at(-1) ?? '').replace(/^Batch job submission failed: /, '').replace(/\.$/, '');
}

function hintFor(stderr: string): string {
  if (/invalid partition/i.test(stderr)) return 'List the partitions with `sinfo -s`.';
  if (/invalid account/i.test(stderr))
    return 'List your accounts with `sacctmgr show associations user=$USER`.';
  if (/Unable to contact|Could not establish|Connection|Unknown host/i.test(stderr)) return UNREACHABLE;
  if (/limit|QOS/i.test(stderr))
    return 'Submit fewer or smaller tasks: see --runs-per-task, --cpus, --mem and --time.';
  return 'See `--dry-run` for the batch script, and the options of this command for Slurm.';
}

/** The folder of a program on the PATH, or null if it is not there. */
export function folderOf(program: string): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.find((folder) => folder.startsWith('/') && existsSync(join(folder, program))) ?? null;
}
