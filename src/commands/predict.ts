/** @file `wnlstm predict`: classifies images of the user with the weights of a run. */

import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { type Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../errors.js';
import { type InputImage, readImages, STANDARD_INPUT } from '../evaluate/image-files.js';
import { type Model, openModel } from '../evaluate/model.js';
import { type Ranked, rankClasses } from '../evaluate/predictions.js';
import { expandHome } from '../package.js';
import { findRun } from '../runs/find.js';
import { createCountDisplay } from '../terminal/count-display.js';
import type { Configure, Io } from '../terminal/io.js';
import { printNote } from '../terminal/messages.js';
import { addRunsOption, type OptionsOf, parseCount, parseRuns } from '../terminal/options.js';
import { addCheckpointOption, noteWeights } from '../terminal/weights-option.js';
import { singleLine } from '../text/printable.js';
import { probabilityPercent } from '../text/probability.js';
import { table } from '../text/table.js';

type Options = OptionsOf<typeof addOptions>;

/** The number of classes in a row of the table. */
const SHOWN = 3;
/** Images between two turns of the event loop, in which signals arrive. */
const TURN = 32;

export const configure: Configure = (command, io, run) => {
  addOptions(command).action(run((name, files, options) => predict(name, files, options, io)));
};

function addOptions(command: Command) {
  const withArguments = command
    .argument('<run>', 'folder, id, or start of the id of a run', expandHome)
    .argument('<images...>', 'PNG files, or IDX files of images; - for standard input', parseRuns);
  return addCheckpointOption(addRunsOption(withArguments))
    .option('--index <n>', 'only this image of an IDX file, counted from 0', parseCount)
    .option('--invert', 'exchange black and white; the images of MNIST are white on black')
    .option('--resize', 'scale images of another size to that of the model')
    .addOption(
      new Option(
        '--photo',
        'find the digit in a photo of any size, dark or light, and prepare it as those of MNIST',
      ).conflicts(['invert', 'resize']),
    )
    .option('--json', 'print the probabilities of all classes as one line of JSON');
}

async function predict(name: string, files: readonly string[], options: Options, io: Io): Promise<number> {
  const run = findRun(options.runs, name);
  const model = await openModel(run, options.checkpoint);
  try {
    const reading = {
      size: model.architecture.inputs,
      resize: Boolean(options.resize),
      photo: Boolean(options.photo),
      invert: Boolean(options.invert),
      index: options.index,
      signal: io.signal,
    };
    const images: InputImage[] = [];
    for (const file of files) for (const image of await readImages(file, reading)) images.push(image);
    noteWeights(run, model.weights, options.checkpoint, io);
    noteLight(images, reading.invert, io);
    const ranked = await rankAll(model, images, io);
    const { step, sha256 } = model.weights;
    io.out(
      options.json
        ? JSON.stringify({
            run_id: run.record.run_id,
            dir: run.directory,
            step,
            weights_sha256: sha256,
            device: model.classifier.device,
            predictions: images.map(({ file, index }, at) => ({ file, index, ...byClass(ranked[at] ?? []) })),
          })
        : describe(images, ranked, io.outWidth),
    );
    return EXIT.done;
  } finally {
    model.classifier.dispose();
  }
}

async function rankAll(
  { classifier, architecture }: Model,
  images: readonly InputImage[],
  io: Io,
): Promise<Ranked[][]> {
  const display = createCountDisplay(io, images.length, 'images');
  const ranked: Ranked[][] = [];
  try {
    for (const [at, { pixels }] of images.entries()) {
      if (at % TURN === 0) {
        display.update(at);
        await yieldToEventLoop();
        io.signal.throwIfAborted();
      }
      ranked.push(rankClasses(classifier, pixels, architecture.classes));
    }
  } finally {
    display.close();
  }
  return ranked;
}

/** MNIST is white on black; a digit on white paper is the most common reason for a wrong prediction. */
function noteLight(images: readonly InputImage[], isInverted: boolean, io: Io): void {
  const light = images.filter(({ isLight }) => isLight);
  const [first] = light;
  if (!first) return;
  const what = light.length === 1 ? nameOf(first) : `${light.length} of the ${images.length} images`;
  const has = light.length === 1 ? 'has' : 'have';
  const advice = isInverted
    ? 'Omit `--invert` if they should be dark.'
    : 'Exchange black and white with `--invert`, or read a photo with `--photo`.';
  printNote(`${what} ${has} a light background; the images of MNIST are white on black. ${advice}`, io);
}

function byClass(ranked: readonly Ranked[]) {
  const probabilities = [...ranked].sort((a, b) => a.label - b.label).map(({ probability }) => probability);
  return { predicted: ranked[0]?.label, probabilities };
}

/** The columns of a class and its probability in the table. */
const CELL = 11;

function describe(
  images: readonly InputImage[],
  ranked: readonly (readonly Ranked[])[],
  width: number | null,
): string {
  const shown = Math.min(SHOWN, ranked[0]?.length ?? 0);
  const heads = ['predicted', 'second', 'third'].slice(0, shown).map((head) => head.padEnd(CELL));
  // Rows of a single IDX file are named by their numbers alone.
  const isOneFile = images.every(({ file, index }) => file === images[0]?.file && index !== null);
  const rows = images.map((image, at) => ({
    name: isOneFile ? `#${image.index}` : nameOf(image),
    cells: (ranked[at] ?? []).slice(0, shown).map(({ label, probability }) => {
      const text = probabilityPercent(probability);
      return `${label}${text.padStart(CELL - String(label).length)}`;
    }),
  }));
  return table([{ name: 'image', cells: heads }], rows, width ?? undefined);
}

function nameOf({ file, index }: InputImage): string {
  const name = file === STANDARD_INPUT ? 'standard input' : singleLine(file);
  return index === null ? name : `${name} #${index}`;
}
