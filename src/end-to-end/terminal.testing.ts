/** @file Runs a program in a pseudo terminal, for tests. Uses Python, because Node has no pseudo terminals. */

import { spawn, spawnSync } from 'node:child_process';

/**
 * A Python script that runs a command in a terminal and prints the output. When given texts appear, it closes the terminal, or
 * sends keys or a signal. The last character says whether the settings of the terminal are those from before.
 */
const PROGRAM = `
import fcntl, json, os, pty, signal, struct, sys, termios
columns, closing, answers, *argv = sys.argv[1:]
answers = json.loads(answers)
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(columns), 0, 0))
    os.execvp(argv[0], argv)
before = termios.tcgetattr(terminal)
seen = b''
answered = 0
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    seen += part
    while answers and answers[0][0].encode() in seen[answered:]:
        text, answer = answers.pop(0)
        answered = seen.index(text.encode(), answered) + len(text.encode())
        if answer.startswith('SIG'):
            os.kill(pid, getattr(signal, answer))
        else:
            os.write(terminal, answer.encode())
    if closing and closing.encode() in seen:
        os.close(terminal)
        break
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
restored = closing or termios.tcgetattr(terminal) == before
sys.stdout.buffer.write(seen + (b'1' if restored else b'0'))
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
 * @param options `columns`: the width of the terminal; `closeAfter`: the text after which it is closed; `answers`: keys, or the name of a
 *   signal, to send after a text, one after the other; `env`: more variables
 * @returns the output; whether the settings of the terminal were restored; the exit code, which is 128 + n if signal n killed
 *   the command
 */
export function inTerminal(
  argv: readonly string[],
  {
    columns = 80,
    closeAfter = '',
    answers = [],
    env = {},
  }: {
    columns?: number;
    closeAfter?: string;
    answers?: readonly (readonly [text: string, answer: string])[];
    env?: NodeJS.ProcessEnv;
  },
): Promise<{ code: number | null; seen: string; restored: boolean }> {
  return new Promise((resolve) => {
    const { CI: _, NO_COLOR: __, FORCE_COLOR: ___, ...own } = process.env;
    const child = spawn(
      'python3',
      ['-c', PROGRAM, String(columns), closeAfter, JSON.stringify(answers), ...argv],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...own, TERM: 'xterm-256color', ...env },
      },
    );
    let seen = '';
    child.stdout.on('data', (part) => {
      seen += part;
    });
    child.on('close', (code) => resolve({ code, seen: seen.slice(0, -1), restored: seen.endsWith('1') }));
  });
}
