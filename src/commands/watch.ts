/** @file `wnlstm watch`: shows runs while they train. */

import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { EXIT, UserError } from '../errors.js';
import { type Column, parseColumn } from '../figures/curves.js';
import { newestIn } from '../results/newest.js';
import { createWatcher, type Watched, watchedPlaces } from '../results/watched.js';
import type { Configure, Io } from '../terminal/io.js';
import { printNote } from '../terminal/messages.js';
import type { OptionsOf } from '../terminal/options.js';
import { addRunsArgument } from '../terminal/runs-argument.js';
import { withProgramName } from '../terminal/shell.js';
import { selectionOf } from '../terminal/watch/selection.js';
import { snapshotData, snapshotText } from '../terminal/watch/snapshot.js';
import { sorts, type WatchState } from '../terminal/watch/state.js';
import { watchOn } from '../terminal/watch/watch.js';
import { nearest } from '../text/nearest.js';
import { DEFAULT_HOST, DEFAULT_PORT, serveWatch } from '../web/serve.js';

type Options = OptionsOf<typeof addOptions>;

const DEFAULT_COLUMN: Column = 'loss';

export const configure: Configure = (command, io, run) => {
  addOptions(command).action(run((names, options) => watch(names ?? [], options, io)));
};

function addOptions(command: Command) {
  return addRunsArgument(command)
    .option('--column <name>', `column of the CSV files to draw (default: ${DEFAULT_COLUMN})`, parseColumn)
    .option('--arm <name>', 'show only the runs of this arm, with a curve for each')
    .addOption(
      new Option('--sort <name>', 'order of the table; default: the newest run first').choices(sorts),
    )
    .option('--reverse', 'sort in descending order, for example the best run first')
    .option('--once', 'print the runs as they are now, and exit; the default without a terminal')
    .option('--json', 'print the runs as they are now as one line of JSON, and exit')
    .option('--web', 'serve a live page for a browser, of all runs unless some are named')
    .option('--port <n>', `port of the page; 0: a free one (default: ${DEFAULT_PORT})`, parsePort)
    .option(
      '--host <host>',
      `address of the page; 0.0.0.0: all addresses of this machine (default: ${DEFAULT_HOST})`,
      parseHost,
    )
    .option('--open', 'open the page in a browser');
}

/** The options of the page, and those of the terminal. */
const OF_PAGE = ['port', 'host', 'open'] as const;
const OF_TERMINAL = ['column', 'arm', 'sort', 'reverse', 'once', 'json'] as const;

/** @throws {UserError} E_USAGE for an option that has no effect */
function checkOptions(options: Options): void {
  const without = options.web ? OF_TERMINAL : OF_PAGE;
  const found = without.find((name) => options[name] !== undefined);
  if (found === undefined) return;
  throw new UserError('E_USAGE', `--${found} has no effect ${options.web ? 'with' : 'without'} --web.`, {
    hint: options.web ? `Leave out \`--${found}\`; the page has controls for this.` : 'Add `--web`.',
  });
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError(`Expected a whole number from 0 to 65535, got ${text}.`);
}

/** An empty host would be all addresses of this machine. */
function parseHost(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

async function watch(names: readonly string[], options: Options, io: Io): Promise<number> {
  checkOptions(options);
  if (options.web) {
    const { runs, port = DEFAULT_PORT, host = DEFAULT_HOST, open = false } = options;
    return serveWatch({ runs, names, port, host, open }, io);
  }
  const { title, places } = placesOf(options.runs, names);
  const look = createWatcher(options.runs, places);
  const {
    column = DEFAULT_COLUMN,
    arm = null,
    sort = 'started',
    reverse = options.sort === undefined,
  } = options;
  const state: WatchState = { column, arm, sort, reverse, top: 0, help: false };
  const setting = { title, color: io.outColor };
  const watched = look();
  if (watched.runs.length > 0) requireArm(watched, arm);
  if (io.screen && !options.once && !options.json) return watchOn(io.screen, look, state, setting, io);
  for (const problem of watched.damage) printNote(problem, io);
  if (options.json) io.out(JSON.stringify(snapshotData(watched, state)));
  else if (watched.runs.length > 0) io.out(snapshotText(watched, state, io.outWidth ?? 80, setting));
  else io.err(withProgramName(`There are no runs in ${title}. Start one with \`wnlstm train\`.`));
  return EXIT.done;
}

/** The folders of the named runs or, without names, of the newest sweep or all runs. */
function placesOf(runs: string, names: readonly string[]): { title: string; places: readonly string[] } {
  if (names.length > 0) return { title: names.join(' '), places: watchedPlaces(runs, names) };
  try {
    const places = newestIn(runs).names;
    return { title: places.join(' '), places };
  } catch (error) {
    if (error instanceof UserError && error.code === 'E_RUN') return { title: runs, places: [runs] }; // none yet
    throw error;
  }
}

/** @throws {UserError} E_USAGE if no run belongs to the arm */
function requireArm(watched: Watched, arm: string | null): void {
  const { arms } = selectionOf(watched, { arm: null, sort: 'started', reverse: false });
  if (arm === null || arms.includes(arm)) return;
  throw new UserError('E_USAGE', `--arm: there is no arm ${arm}${nearest(arm, arms)}.`, {
    hint: `The arms are ${arms.join(', ')}.`,
  });
}
