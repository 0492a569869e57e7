/** @file `wnlstm setup`: fetches TensorFlow into the cache, lists what is there, removes it. */

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, UserError } from '../errors.js';
import { installTensorFlow, type Outcome } from '../tensorflow/install/install.js';
import {
  type Installation,
  installationsDirectory,
  listInstallations,
  type Variant,
} from '../tensorflow/install/installation.js';
import { defaultVariant, requireSupported, thisMachine } from '../tensorflow/install/platform.js';
import { DEFAULT_VERSION } from '../tensorflow/install/wheel.js';
import type { Configure, Io } from '../terminal/io.js';
import { parsePath } from '../terminal/options.js';
import { plural } from '../text/plural.js';
import { alignColumns } from '../text/table.js';

interface Options {
  readonly cpu?: boolean;
  readonly cuda?: boolean;
  readonly version?: string;
  readonly from?: string;
  readonly list?: boolean;
  readonly remove?: string | true;
}

export const configureSetup: Configure = (command, io) => {
  command
    .argument('[what]', 'tensorflow')
    .option('--cpu', 'without CUDA (default where there is no NVIDIA driver)')
    .option('--cuda', "with CUDA and nvidia's libraries, several GB")
    .option('--version <version>', `of TensorFlow (default: ${DEFAULT_VERSION})`)
    .option(
      '--from <path>',
      'instead of a download: a wheel, a folder of wheels or libraries, or the word pip',
      parsePath,
    )
    .option('--list', 'list what is set up')
    .option('--remove [name]', 'remove one of the list, or all')
    .action(async (what: string | undefined, options: Options) => {
      if (options.list) return list(io);
      if (options.remove) return remove(options.remove, io);
      if (what === 'tensorflow') return setup(options, io);
      throw new UserError('E_USAGE', `Expected what to set up: tensorflow; got ${what ?? 'nothing'}.`, {
        hint: 'Run `wnlstm setup tensorflow`.',
      });
    });
};

function list(io: Io): void {
  const installations = listInstallations();
  if (installations.length === 0) io.err('Nothing is set up yet: `wnlstm setup tensorflow`.');
  else {
    const rows = installations.map((each) => [
      `${each.manifest.version}-${each.manifest.variant}`,
      megabytes(bytesOf(each)),
      each.directory,
    ]);
    io.out(alignColumns([['name', 'size', 'folder'], ...rows]));
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;
}

function bytesOf({ manifest }: Installation): number {
  return Object.values(manifest.files).reduce((sum, bytes) => sum + bytes, 0);
}

/** Removes one installation by name, or all with what half done ones left. */
function remove(name: string | true, io: Io): void {
  const root = installationsDirectory();
  const there = existsSync(root) ? readdirSync(root) : [];
  const all = name === true || name === 'tensorflow';
  if (!all && !there.includes(name)) {
    const names = there.filter((each) => !each.startsWith('.')).join(', ') || 'nothing';
    throw new UserError('E_USAGE', `--remove: expected what is set up (${names}), got ${name}.`, {
      hint: 'See `wnlstm setup --list`; without a name all is removed.',
    });
  }
  for (const each of all ? there : [name]) {
    try {
      rmSync(join(root, each), { recursive: true, force: true });
    } catch (error) {
      throw ioError(`remove ${join(root, each)}`, error);
    }
    io.err(`Removed ${join(root, each)}.`);
  }
  if (there.length === 0) io.err('Nothing is set up, so nothing was removed.');
}

async function setup(options: Options, io: Io): Promise<void> {
  const variant = variantOf(options);
  const { version = null, from = null } = options;
  if (version !== null && !/^\d+\.\d+\.\d+\w*$/.test(version)) {
    throw new UserError(
      'E_USAGE',
      `--version: expected a version such as ${DEFAULT_VERSION}, got ${version}.`,
      {
        hint: `Leave it out for ${DEFAULT_VERSION}, the one that is tested.`,
      },
    );
  }
  requireSupported(thisMachine());
  const progress = { terminal: io.terminal, line: io.err };
  try {
    printOutcome(await installTensorFlow({ variant, version, from, progress, signal: io.signal }), io);
  } catch (error) {
    if (!io.signal.aborted) throw error;
    io.err('Stopped; the same command goes on with what was fetched whole.');
    io.exit(io.signal.reason as number);
  }
}

function variantOf({ cpu, cuda }: Options): Variant {
  if (cpu && cuda) {
    throw new UserError('E_USAGE', 'Expected one of --cpu and --cuda, got both.', {
      hint: 'The CUDA variant runs on CPUs as well: `wnlstm setup tensorflow --cuda`.',
    });
  }
  return cpu ? 'cpu' : cuda ? 'cuda' : defaultVariant();
}

function printOutcome(outcome: Outcome, io: Io): void {
  const { installation, reused } = outcome;
  const { version, variant, files } = installation.manifest;
  const device = outcome.library.usableGpus > 0 ? 'cuda' : 'cpu';
  const rows = [
    ['TensorFlow', `${version} ${variant}, ${reused ? 'was there already' : 'set up'}; it loads`],
    ['folder', installation.directory],
    ['size', `${megabytes(bytesOf(installation))} in ${plural(Object.keys(files).length, 'file')}`],
    ...(variant === 'cuda' ? [['GPU', describeGpus(outcome)]] : []),
    ['next', `\`wnlstm train --backend tensorflow --device ${device}\``],
  ];
  for (const [name, value] of rows) io.out(`${io.outColor.dim(name.padEnd(10))}  ${value}`);
}

/** What the GPUs are, and if TensorFlow cannot use them, why. */
function describeGpus({ library: { gpus, usableGpus, failed } }: Outcome): string {
  const names = gpus.map(({ name, computeCapability }) => `${name}, compute capability ${computeCapability}`);
  if (gpus.length === 0) return 'none: no NVIDIA driver answers here, so only `--device cpu` works';
  if (usableGpus > 0) return names.join('; ');
  const why = failed.length > 0 ? failed[0] : 'its CUDA libraries or the driver are not the ones it needs';
  return `${names.join('; ')}; TensorFlow cannot use it: ${why}`;
}
