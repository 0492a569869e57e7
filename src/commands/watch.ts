/** @file `wnlstm watch`: shows runs while they train. */

import { type Command, Option } from '@commander-js/extra-typings';
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

type Options = OptionsOf<typeof addOptions>;

export const configure: Configure = (command, io, run) => {
  addOptions(command).action(run((names, options) => watch(names ?? [], options, io)));
};

function addOptions(command: Command) {
  return addRunsArgument(command)
    .option('--column <name>', 'column of the CSV files to draw', parseColumn, 'loss' as Column)
    .option('--arm <name>', 'show only the runs of this arm, with a curve for each')
    .addOption(
      new Option('--sort <name>', 'order of the table; default: the newest run first').choices(sorts),
    )
    .option('--reverse', 'sort in descending order, for example the best run first')
    .option('--once', 'print the runs as they are now, and exit; the default without a terminal')
    .option('--json', 'print the runs as they are now as one line of JSON, and exit');
}

async function watch(names: readonly string[], options: Options, io: Io): Promise<number> {
  const { title, places } = placesOf(options.runs, names);
  const look = createWatcher(options.runs, places);
  const { column, arm = null, sort = 'started', reverse = options.sort === undefined } = options;
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
