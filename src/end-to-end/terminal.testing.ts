/** @file Runs a program in a pseudo terminal, for tests. Python has one; Node has none. */

import { spawn, spawnSync } from 'node:child_process';

/** Starts argv in a terminal of its own; once what it prints has the text, closes the terminal. Prints all of it. */
const PROGRAM = `
import fcntl, os, pty, struct, sys, termios
columns, closing, *argv = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(columns), 0, 0))
    os.execvp(argv[0], argv)
seen = b''
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    seen += part
    if closing and closing.encode() in seen:
        os.close(terminal)
        break
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(seen)
sys.stdout.flush()
os._exit(code if code >= 0 else 128 - code)
`;

/** Why nothing can be run in a terminal here; false if it can. */
export const noTerminal: string | false =
  spawnSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode']).status === 0
    ? false
    : 'no python3 (3.9 or newer) to open a pseudo terminal with';

/**
 * Runs a command in a terminal.
 *
 * @param options `columns` of it; `closeAfter`: it is closed once this was printed; `env` besides this process's own
 * @returns all that it printed, and its exit code, 128 + n if signal n killed it
 */
export function inTerminal(
  argv: readonly string[],
  {
    columns = 80,
    closeAfter = '',
    env = {},
  }: { columns?: number; closeAfter?: string; env?: NodeJS.ProcessEnv },
): Promise<{ code: number | null; seen: string }> {
  return new Promise((resolve) => {
    const { CI: _, NO_COLOR: __, FORCE_COLOR: ___, ...own } = process.env;
    const child = spawn('python3', ['-c', PROGRAM, String(columns), closeAfter, ...argv], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...own, TERM: 'xterm-256color', ...env },
    });
    let seen = '';
    child.stdout.on('data', (part) => {
      seen += part;
    });
    child.on('close', (code) => resolve({ code, seen }));
  });
}
