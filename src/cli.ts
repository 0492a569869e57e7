/** @file The program: finds the command in argv, runs it and returns its exit code. Only this file uses the process and the console. */

import { closeSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { setImmediate } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { Command, CommanderError } from '@commander-js/extra-typings';
import { Chalk, supportsColor, supportsColorStderr } from 'chalk';
import { bundledNames } from './bundled-files.js';
import { COMMANDS } from './commands/list.js';
import { EXIT, ioError, systemCode, UserError } from './errors.js';
import { packageVersion } from './package.js';
import { onStopSignal, STOP_SIGNALS } from './signals.js';
import type { Io, Run } from './terminal/io.js';
import { printError } from './terminal/messages.js';
import { EPILOGUE } from './terminal/program-help.js';
import { printable } from './text/printable.js';
import { wrap } from './text/wrap.js';

// The listeners come before everything else, so that no signal is missed.
const stop = new AbortController();
/** npm and npx forward a Ctrl-C that the terminal also sends to this process; signals this close together count as one. */
const ECHO_MS = 500;
let stoppedAt = 0;
/** The streams that are terminals at the start. `nohup` and batch systems leave none. */
const terminals = [0, 1, 2].filter((stream) => isatty(stream));
onStopSignal((signal) => {
  if (signal === 'SIGHUP' && terminals.length === 0) {
    // Node cannot see that `nohup` ignores SIGHUP.
    const message = `SIGHUP was ignored because there is no terminal. To stop the program, run \`kill ${process.pid}\`.`;
    write(process.stderr, `${message}\n`);
    return;
  }
  if (stop.signal.aborted) {
    // A second signal exits without a checkpoint. A terminal that closes may send SIGHUP twice.
    if (signal !== 'SIGHUP' && performance.now() - stoppedAt >= ECHO_MS) process.exit(STOP_SIGNALS[signal]);
    return;
  }
  stoppedAt = performance.now();
  stop.abort(STOP_SIGNALS[signal]);
});

// Node resets terminals at exit, and aborts if one of them is gone, unless its stream is closed.
process.on('exit', () => {
  for (const stream of terminals) if (!isatty(stream)) closeSync(stream);
});

/** The commands whose result is on disk, and not only printed. */
const KEEPS_RESULT = ['train', 'resume', 'extend', 'sweep', 'work', 'rm', 'setup', 'data', 'init'];

/** The errors of a pipe that its reader closed, and of a terminal that was closed. */
const READER_GONE = ['EPIPE', 'EIO'];
/** Why output that somebody still expects could not be written, such as a full disk. */
let lostOutput: Error | null = null;

/** Streams whose reader closed the pipe, or whose terminal or disk is gone. Output to them is dropped; work continues. */
const closed = new Set<NodeJS.WriteStream>();
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    closed.add(stream);
    if (stream === process.stdout && !READER_GONE.includes(systemCode(error) ?? '')) lostOutput ??= error;
  });
}

/**
 * Runs the program.
 *
 * @param argv arguments without node and script
 * @returns the exit code
 */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<number> {
  let code: number = EXIT.done;
  const io: Io = {
    out: (line) => write(process.stdout, `${line}\n`),
    err: (line) => write(process.stderr, `${line}\n`),
    outColor: palette(supportsColor),
    errColor: palette(supportsColorStderr),
    outWidth: process.stdout.isTTY ? process.stdout.columns || 80 : null, // some terminals report 0
    terminal: process.stderr.isTTY && !process.env.CI && !isDumb() ? process.stderr : null,
    screen:
      process.stdout.isTTY && !isDumb()
        ? { input: process.stdin.isTTY ? process.stdin : null, output: process.stdout }
        : null,
    ask: process.stdin.isTTY && process.stderr.isTTY ? ask : null,
    signal: stop.signal,
    argv,
  };
  const run: Run =
    (action) =>
    async (...args) => {
      code = await action(...args);
    };
  try {
    const program = await createProgram(io, run);
    await program.parseAsync(argv, { from: 'user' });
    await setImmediate(); // errors of the output streams arrive here
    if (lostOutput) printError(ioError('write to standard output', lostOutput), io);
    // The result of training is on disk. All other commands print theirs.
    return lostOutput && code === EXIT.done && !KEEPS_RESULT.includes(argv[0] ?? '') ? EXIT.failed : code;
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason) return Number(error);
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    printError(error, io);
    return EXIT.usage;
  }
}

function write(stream: NodeJS.WriteStream, text: string): void {
  if (!closed.has(stream)) stream.write(printable(text));
}

/** Colours, unless NO_COLOR is set. FORCE_COLOR, which chalk reads itself, overrides NO_COLOR. */
function palette(support: typeof supportsColor) {
  const isOff = Boolean(process.env.NO_COLOR) && !process.env.FORCE_COLOR;
  return new Chalk({ level: isOff || !support ? 0 : support.level });
}

/** Whether the terminal has no escape codes, or does not name its type. Windows has no TERM. */
function isDumb(): boolean {
  return process.platform !== 'win32' && (!process.env.TERM || process.env.TERM === 'dumb');
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question, { signal: stop.signal });
  } catch (error) {
    if (systemCode(error) === 'ABORT_ERR') return ''; // Ctrl-C or Ctrl-D: no answer
    throw error;
  } finally {
    terminal.close();
  }
}

async function createProgram(io: Io, run: Run): Promise<Command> {
  const [first, second] = io.argv;
  const called = io.argv.find((argument) => !argument.startsWith('-')) === 'help' ? [first, second] : [first];
  const documents = bundledNames('document');
  const listed = wrap(`  ${documents.join(', ')}`, io.outWidth ?? 80, '  ').join('\n');
  const program = new Command('wnlstm')
    .description('Trains LSTMs with and without weight normalisation on MNIST rows.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false) // `wnlstm help` also shows documents
    .enablePositionalOptions() // after a command, --version belongs to the command
    .addHelpText('after', `${EPILOGUE}\nDocuments, shown by wnlstm help NAME:\n${listed}`)
    .configureOutput({
      writeOut: (text) => write(process.stdout, text),
      writeErr: (text) => write(process.stderr, text),
      outputError: (text) => printError(usageError(text, io.argv), io),
    })
    .configureHelp({ subcommandTerm: (command) => command.name() }) // the same text, whichever command is loaded
    .exitOverride();
  for (const { name, summary, document, load } of COMMANDS) {
    const command = program
      .command(name)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
      .helpOption('-h, --help', 'show this help')
      .helpCommand(false);
    if (document && documents.includes(document))
      command.addHelpText('after', `\nSee also: wnlstm help ${document}`);
    if (called.includes(name)) (await load()).configure(command, io, run);
  }
  return program;
}

/** An error of commander in this program's form. */
function usageError(text: string, [called, sub = '']: readonly string[]): UserError {
  const [message = '', suggestion] = text.trim().split('\n');
  const words = called === 'data' || called === 'config' ? `${called} ${sub}`.trim() : called;
  const help = COMMANDS.some(({ name }) => name === called) ? `wnlstm ${words} --help` : 'wnlstm --help';
  return new UserError('E_USAGE', `${message.replace(/^error: /, '')}.`.replace(/\.\.$/, '.'), {
    hint: suggestion?.replace(/^\((.*)\)$/, '$1') ?? `See \`${help}\`.`,
  });
}
