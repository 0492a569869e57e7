/** @file Tries TensorFlow in a child process: what crashes or hangs there cannot end this process. */

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../errors.js';

/** A hint that fits most failures. */
export const FETCH_AGAIN = 'Run `wnlstm setup --remove`, then `wnlstm setup tensorflow` to fetch it again.';

/** Signals that say more than their names. */
const REASONS: Partial<Record<NodeJS.Signals, [string, string]>> = {
  SIGILL: ['this CPU lacks instructions that it was built with', 'Use `--backend native` on this machine.'],
  SIGKILL: ['the system ended it, most likely for want of memory', 'Free some memory and try again.'],
};

/** What a child is, and what to say when it fails. */
export interface Child {
  /** The script that it runs. */
  readonly script: URL;
  /** Such as "TensorFlow in DIR does not load". */
  readonly failure: string;
  readonly hint: string;
  readonly signal: AbortSignal | undefined;
  readonly limitMs: number;
}

/** Sends a request to a child of its own and waits for what it answers. */
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
  child.send(request, () => {}); // a child that died before is told of by its exit
  const [code, ended] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...how) => resolve(how));
  });
  const answer = report as Report | { error: string } | null; // set by a listener, which TypeScript cannot see
  if (answer && !('error' in answer)) return answer;
  const lines = stderr.trim().split('\n');
  const complaint = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '';
  const [reason, hint] = (ended && REASONS[ended]) ?? [answer?.error ?? complaint, usualHint];
  const how = reason || (ended ? `it ended with ${ended}` : `it ended with code ${code}`);
  throw new UserError('E_BACKEND', `${failure}: ${how.replace(/\.$/, '')}.`, {
    hint,
    cause: new Error(stderr),
  });
}
