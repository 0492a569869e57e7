/** @file Runs a program in a pseudo terminal, for tests. Uses Python, because Node has no pseudo terminals. */

import { spawn, spawnSync } from 'node:child_process';

/** A Python script that runs a command in a terminal, closes the terminal after a given text appears, and prints the output. */
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

/** The reason why tests with a terminal are skipped; false if they can run. */
export const noTerminal: string | false =
  spawnSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode']).status === 0
    ? false
    : 'needs python3 (3.9 or newer) to open a pseudo terminal';

/**
 * Runs a command in a terminal.
 *
 * @param options `columns`: the width of the terminal; `closeAfter`: the text after which it is closed; `env`: more variables
 * @returns the output and the exit code, which is 128 + n if signal n killed the command
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
