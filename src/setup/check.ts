/** @file Loads TensorFlow once in a child process: what does not load there would take this process down. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LibraryReport, LibraryRequest } from '../engines/autodiff/tensorflow/check-library.js';
import { UserError } from '../errors.js';

const script = fileURLToPath(new URL('../engines/autodiff/tensorflow/check-library.js', import.meta.url));

const FETCH_AGAIN = 'Run `wnlstm setup --remove`, then `wnlstm setup tensorflow` to fetch it again.';

/** Signals that say more than their names. */
const REASONS: Partial<Record<NodeJS.Signals, [string, string]>> = {
  SIGILL: ['this CPU lacks instructions that it was built with', 'Use `--backend native` on this machine.'],
  SIGKILL: ['the system ended it, most likely for want of memory', 'Free some memory and try again.'],
};

/**
 * Loads the libraries of a folder and asks them for their version and devices.
 *
 * @param limitMs how long that may take; a first CUDA start takes seconds
 * @throws {UserError} E_BACKEND if they do not load
 */
export const checkLibrary = async (
  request: LibraryRequest,
  signal?: AbortSignal,
  limitMs = 180_000,
): Promise<LibraryReport> => {
  const child = fork(script, [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '1', TF_FORCE_GPU_ALLOW_GROWTH: 'true' },
    signal,
    timeout: limitMs,
  });
  let report: LibraryReport | { error: string } | null = null;
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.on('message', (message) => {
    report = message as LibraryReport | { error: string };
  });
  child.send(request, () => {}); // a child that died before is told of by its exit
  const [code, ended] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...how) => resolve(how));
  });
  const answer = report as LibraryReport | { error: string } | null; // set by a listener, which TypeScript cannot see
  if (answer && !('error' in answer)) return answer;
  const lines = stderr.trim().split('\n');
  const complaint = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '';
  const [reason, hint] = (ended && REASONS[ended]) ?? [answer?.error ?? complaint, FETCH_AGAIN];
  const how = reason || (ended ? `it ended with ${ended}` : `it ended with code ${code}`);
  throw new UserError(
    'E_BACKEND',
    `TensorFlow in ${request.directory} does not load: ${how.replace(/\.$/, '')}.`,
    {
      hint,
      cause: new Error(stderr),
    },
  );
};
