// Ways to run the program under attack: in a new process per call, or faster, in one long-lived process.
import { fork, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { faultEnvironment } from './fault.mjs';

const bin = fileURLToPath(new URL('../../bin/wnlstm.js', import.meta.url));
const insideScript = fileURLToPath(new URL('inside.mjs', import.meta.url));
const environment = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '', CI: '1', LD_PRELOAD: '' };
const LONGEST_MS = 90_000; // a call that takes longer counts as hanging

/**
 * The result of a call. `code` is null if a signal ended the process, or the call threw.
 *
 * @typedef {{ code: number | null, signal?: string | null, out: string, err: string, thrown: string }} Result
 */

/**
 * Starts the program in a new process.
 *
 * @param {readonly string[]} argv
 * @param {Record<string, string>} [variables]
 * @param {readonly string[]} [prefix] a command that runs the program, such as `unshare`
 * @param {number} [longestMs] a call that takes longer counts as hanging
 * @returns {{ child: import('node:child_process').ChildProcess, ended: Promise<Result> }}
 */
export const start = (argv, variables = {}, prefix = [], longestMs = LONGEST_MS) => {
  const [command, ...words] = [...prefix, process.execPath, bin, ...argv];
  const child = spawn(command, words, {
    env: { ...environment, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err, thrown] = ['', '', ''];
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  const timer = setTimeout(() => {
    thrown = `hangs: it did not end within ${longestMs / 1000} s`;
    child.kill('SIGKILL');
  }, longestMs);
  const ended = new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, out, err, thrown });
    });
  });
  return { child, ended };
};

/**
 * Runs the program in a new process, optionally with a fault.
 *
 * @param {readonly string[]} argv
 * @param {string} [library]
 * @param {import('./fault.mjs').Fault} [fault]
 * @returns {Promise<Result>}
 */
export const runOutside = (argv, library, fault) =>
  start(argv, library && fault ? faultEnvironment(library, fault) : {}).ended;

/**
 * Creates a long-lived process that runs the program, one call at a time. It is started at the first call.
 *
 * @param {string | null} library the library of faults, if calls carry faults
 */
export const createInside = (library) => {
  let child = null;
  const open = async () => {
    if (child?.connected) return child;
    const variables = library ? faultEnvironment(library, null) : {};
    child = fork(insideScript, {
      env: { ...environment, ...variables },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await new Promise((resolve) => child.once('message', resolve));
    return child;
  };
  return {
    /**
     * @param {readonly string[]} argv
     * @param {import('./fault.mjs').Fault} [fault]
     * @returns {Promise<Result>}
     */
    run: async (argv, fault) => {
      const process = await open();
      return new Promise((resolve) => {
        const end = (result) => {
          clearTimeout(timer);
          process.removeAllListeners('message');
          process.removeAllListeners('exit');
          resolve(result);
        };
        const ended = (thrown) => end({ code: null, out: '', err: '', thrown });
        const timer = setTimeout(() => {
          ended(`hangs: it did not end within ${LONGEST_MS / 1000} s`);
          process.kill('SIGKILL');
        }, LONGEST_MS);
        process.once('message', end);
        process.once('exit', (code, signal) => ended(`the process ended unexpectedly: ${code ?? signal}`));
        process.send({ argv, fault });
      });
    },
    close: () => child?.kill('SIGKILL'),
  };
};
