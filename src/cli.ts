/** @file From argv to a command to an exit code: the only file that touches the process and the console. */

import { closeSync, existsSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { isatty } from 'node:tty';
import { Chalk, supportsColor, supportsColorStderr } from 'chalk';
import { Command, CommanderError } from 'commander';
import { asUserError, EXIT, systemCode, UserError } from './errors.js';
import { packageRoot, packageVersion } from './package.js';
import { onStopSignal, STOP_SIGNALS } from './signals.js';
import type { Configure, Io } from './terminal/io.js';
import { printable } from './text/printable.js';

// First of all, so that no signal finds the program without a listener.
const stop = new AbortController();
/** npm and npx pass Ctrl-C on to a program that the terminal has sent it to already: that is one signal, not two. */
const ECHO_MS = 500;
let stopped = 0;
/** Streams that are terminals at the start; `nohup` and batch systems leave none. Node cannot see an ignored SIGHUP. */
const terminals = [0, 1, 2].filter((stream) => isatty(stream));
onStopSignal((signal) => {
  if (signal === 'SIGHUP' && terminals.length === 0) {
    const how = `stop it with \`kill ${process.pid}\``;
    write(process.stderr, `SIGHUP was received; without a terminal the work goes on. To end it, ${how}.\n`);
    return;
  }
  if (stop.signal.aborted) {
    // A second signal means: leave now. A terminal that closes may send SIGHUP twice.
    if (signal !== 'SIGHUP' && performance.now() - stopped >= ECHO_MS) process.exit(STOP_SIGNALS[signal]);
    return;
  }
  stopped = performance.now();
  stop.abort(STOP_SIGNALS[signal]);
});

// At its exit Node sets terminals back as they were, and aborts where one is gone by then, unless its stream is closed.
process.on('exit', () => {
  for (const stream of terminals) if (!isatty(stream)) closeSync(stream);
});

/** The commands; a command's code is loaded only when it is called for, so that help comes at once. */
const COMMANDS: readonly { name: string; summary: string; load: () => Promise<Configure> }[] = [
  {
    name: 'train',
    summary: 'train a model; the same command again goes on where it stopped',
    load: async () => (await import('./commands/train.js')).configureTrain,
  },
  {
    name: 'sweep',
    summary: 'train all runs of a sweep file: arms x grid x seeds',
    load: async () => (await import('./commands/sweep.js')).configureSweep,
  },
  {
    name: 'resume',
    summary: 'go on with a run that was stopped',
    load: async () => (await import('./commands/resume.js')).configureResume,
  },
  { name: 'ls', summary: 'list the runs', load: async () => (await import('./commands/ls.js')).configureLs },
  {
    name: 'show',
    summary: 'show a run and its epochs',
    load: async () => (await import('./commands/show.js')).configureShow,
  },
  {
    name: 'reproduce',
    summary: 'train a run again and compare it with its record, to the last bit',
    load: async () => (await import('./commands/reproduce.js')).configureReproduce,
  },
  {
    name: 'verify',
    summary: 'check the files of runs without training',
    load: async () => (await import('./commands/verify.js')).configureVerify,
  },
  {
    name: 'compare',
    summary: 'compare models over seeds: intervals, tests, verdicts',
    load: async () => (await import('./commands/compare.js')).configureCompare,
  },
  {
    name: 'plot',
    summary: 'draw learning curves of runs',
    load: async () => (await import('./commands/plot.js')).configurePlot,
  },
  {
    name: 'data',
    summary: 'fetch MNIST from a mirror',
    load: async () => (await import('./commands/data.js')).configureData,
  },
  {
    name: 'setup',
    summary: 'fetch TensorFlow for the tensorflow backend',
    load: async () => (await import('./commands/setup.js')).configureSetup,
  },
  {
    name: 'doctor',
    summary: 'check what works on this machine and say what mends the rest',
    load: async () => (await import('./commands/doctor.js')).configureDoctor,
  },
  {
    name: 'bench',
    summary: 'time a training step on this machine',
    load: async () => (await import('./commands/bench.js')).configureBench,
  },
  {
    name: 'config',
    summary: 'print the JSON Schema of config files',
    load: async () => (await import('./commands/config.js')).configureConfig,
  },
];

const EXAMPLES = `
Examples:
  wnlstm train --model wn --clip 0.5     the article's third model, 5 epochs
  wnlstm train --config configs/base.json --epochs 1
  wnlstm show                            the newest run`;

/**
 * Output that nobody takes any more: a reader such as `head` that has seen enough, a terminal that was closed, a full
 * disk. The stream is quiet from then on; the work goes on, and its result alone decides the exit code.
 */
const closed = new Set<NodeJS.WriteStream>();
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => closed.add(stream));
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
    outWidth: process.stdout.isTTY ? process.stdout.columns || 80 : null, // some terminals say 0
    terminal: process.stderr.isTTY && !process.env.CI && !isDumb() ? process.stderr : null,
    ask: process.stdin.isTTY && process.stderr.isTTY ? ask : null,
    signal: stop.signal,
    argv,
    exit: (wanted) => {
      code = wanted;
    },
  };
  const called = argv.find((argument) => !argument.startsWith('-')) === 'help' ? argv[1] : argv[0];
  try {
    const program = await createProgram(io, called);
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason) return Number(error);
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const known = asUserError(error);
    if (!known) throw error;
    printError(known, io);
    return code === EXIT.done ? EXIT.usage : code;
  }
}

function write(stream: NodeJS.WriteStream, text: string): void {
  if (!closed.has(stream)) stream.write(printable(text).replaceAll('`wnlstm ', `\`${invocation()} `));
}

/** How this program is called from here: hints are commands to paste. */
function invocation(): string {
  // npx puts its own folders there, for this one command.
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'));
  if (folders.some((folder) => existsSync(join(folder, 'wnlstm')))) return 'wnlstm';
  const script = join(packageRoot, 'bin/wnlstm.js');
  return isCurrentFolder(packageRoot) ? 'npx wnlstm' : `node ${script}`;
}

function isCurrentFolder(folder: string): boolean {
  try {
    return relative(process.cwd(), folder) === '';
  } catch {
    return false; // it was removed
  }
}

/** Colour unless NO_COLOR is set; FORCE_COLOR, which chalk reads itself, comes first. */
function palette(support: typeof supportsColor) {
  const unwanted = Boolean(process.env.NO_COLOR) && !process.env.FORCE_COLOR;
  return new Chalk({ level: unwanted || !support ? 0 : support.level });
}

/** Whether the terminal says that it knows no escape codes, or nothing of itself. Windows has no TERM. */
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

async function createProgram(io: Io, called: string | undefined): Promise<Command> {
  const program = new Command('wnlstm')
    .description('Trains LSTMs with and without weight normalisation on MNIST rows.')
    .version(packageVersion())
    .enablePositionalOptions() // after a command, --version is the command's own
    .addHelpText('after', EXAMPLES)
    .configureOutput({
      writeOut: (text) => write(process.stdout, text),
      writeErr: (text) => write(process.stderr, text),
      outputError: (text) => printError(usageError(text, io.argv), io),
    })
    .exitOverride();
  for (const { name, summary, load } of COMMANDS) {
    const command = program
      .command(name)
      .summary(summary)
      .description(`${summary[0].toUpperCase()}${summary.slice(1)}.`);
    if (name === called) (await load())(command, io);
  }
  return program;
}

function printError(error: UserError, io: Io): void {
  io.err(`${io.errColor.red('error')} ${error.message}`);
  if (error.hint) io.err(`${io.errColor.dim('hint')}  ${error.hint}`);
}

/** What commander has to say, in this program's form. */
function usageError(text: string, [called, sub = '']: readonly string[]): UserError {
  const [message, suggestion] = text.trim().split('\n');
  const words = called === 'data' || called === 'config' ? `${called} ${sub}`.trim() : called;
  const help = COMMANDS.some(({ name }) => name === called) ? `wnlstm ${words} --help` : 'wnlstm --help';
  return new UserError('E_USAGE', `${message.replace(/^error: /, '')}.`.replace(/\.\.$/, '.'), {
    hint: suggestion?.replace(/^\((.*)\)$/, '$1') ?? `See \`${help}\`.`,
  });
}
