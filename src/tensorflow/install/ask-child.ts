/** @file Asks a child process that loads TensorFlow, so that a crash or a hang there cannot affect this process. */

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../errors.js';

/** The hint for most failures. */
export const FETCH_AGAIN = 'Run `wnlstm setup --remove`, then `wnlstm setup tensorflow` to install it again.';

/** Reasons and hints for some signals. */
const REASONS: Partial<Record<NodeJS.Signals, [string, string]>> = {
  SIGILL: ['this CPU lacks instructions that the library uses', 'Use `--backend native` on this machine.'],
  SIGKILL: ['the system killed it, probably because memory ran out', 'Free some memory and try again.'],
};

/** The child process, and the error message if it fails. */
export interface Child {
  /** The script to run. */
  readonly script: URL;
  /** The first part of the message, for example "TensorFlow in DIR does not load". */
  readonly failure: string;
  readonly hint: string;
  readonly signal: AbortSignal | undefined;
  readonly limitMs: number;
}

/**
 * Starts a child process, sends it a request and waits for its answer.
 *
 * @throws {UserError} E_BACKEND if the child reports an error, crashes or exceeds the time limit
 */
export async function askChild<Report extends object>(
  request: object,
  { script, failure, hint: usualHint, signal, limitMs }: Child,
): Promise<Report> {
  const child = fork(fileURLToPath(script), [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '1', TF_FORCE_GPU_ALLOW_GROWTH: 'true' },
    signal,
    timeout: limitMs,
  });
  let report: Report | { error: string } | null = null;
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.on('message', (message) => {
    report = message as Report | { error: string };
  });
  child.send(request, () => {}); // if the child has died, its exit is reported below
  const [code, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...exit) => resolve(exit));
  });
  const answer = report as Report | { error: string } | null; // TypeScript does not see the listener's assignment
  if (answer && !('error' in answer)) return answer;
  const lines = stderr.trim().split('\n');
  const complaint = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '';
  const [reason, hint] = (killedBy && REASONS[killedBy]) ?? [answer?.error ?? complaint, usualHint];
  const how = reason || (killedBy ? `it was killed by ${killedBy}` : `it exited with code ${code}`);
  throw new UserError('E_BACKEND', `${failure}: ${how.replace(/\.$/, '')}.`, {
    hint,
    cause: new Error(stderr),
  });
}
