/** @file Child processes of the driver: install commands and workers. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const ANSWER_LIMIT_S = 600;
const running = new Set();

/** Starts a process in a new process group, so that its children can be killed with it. */
const start = (command, stdin) => {
  const child = spawn(command[0], command.slice(1), { detached: true, stdio: [stdin, 'pipe', 'pipe'] });
  const output = { stderr: '' };
  running.add(child);
  child.stderr.on('data', (data) => {
    output.stderr = (output.stderr + data).slice(-10_000);
  });
  child.on('error', (error) => {
    output.stderr += error.message;
  });
  child.on('exit', (code, signal) => {
    output.end = signal ? `was killed by ${signal}` : `exited with code ${code}`;
  });
  child.on('close', () => running.delete(child));
  return { child, output };
};

const kill = (child) => {
  if (child.pid === undefined || !running.delete(child)) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it has already ended
  }
};

/** Kills all running processes. */
export const killAll = () => running.forEach(kill);

/** The most informative line of an error output. */
const mainLine = (text) => {
  const lines = text.trim().split('\n');
  const pip = lines.findLast((line) => line.startsWith('ERROR: '));
  const npm = lines.find((line) => /^npm error (?!code)/.test(line));
  return (pip ?? npm ?? lines.at(-1)).trim().slice(0, 300);
};

/** Runs a command and returns its output. Rejects with one line if it fails. */
export const run = (command) =>
  new Promise((resolve, reject) => {
    const { child, output } = start(command, 'ignore');
    let stdout = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.on('close', (code) => {
      if (code === 0) resolve(stdout.trim());
      else reject(new Error(mainLine(output.stderr) || `${command[0]} ${output.end}`));
    });
  });

/**
 * Starts a worker and waits until it is ready.
 *
 * @returns its version; `train(steps)`, which returns milliseconds per step and the mean loss; and `stop()`
 */
export const startWorker = async (command) => {
  const { child, output } = start(command, 'pipe');
  child.stdin.on('error', () => {}); // reading then fails too, with the reason
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      kill(child);
    }, 1000 * ANSWER_LIMIT_S);
    const { value, done } = await lines.next();
    clearTimeout(timer);
    if (late) throw new Error(`no answer within ${ANSWER_LIMIT_S} s`);
    if (done) throw new Error(mainLine(output.stderr) || output.end || 'closed its output');
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(answer.error.replace(/\s+/g, ' ').slice(0, 300));
    return answer;
  };
  const stop = () => kill(child);
  try {
    const { version } = await read();
    const train = (steps) => {
      child.stdin.write(`${JSON.stringify({ steps })}\n`);
      return read();
    };
    return { version, train, stop };
  } catch (error) {
    stop();
    throw error;
  }
};
