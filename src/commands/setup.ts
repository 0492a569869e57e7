/** @file `wnlstm setup`: installs TensorFlow in the cache folder, lists installations and removes them. */

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { EXIT, ioError, UserError } from '../errors.js';
import { installTensorFlow, type Outcome } from '../tensorflow/install/install.js';
import {
  type Installation,
  installationsDirectory,
  listInstallations,
  type Variant,
} from '../tensorflow/install/installation.js';
import { defaultVariant, requireSupported, thisMachine } from '../tensorflow/install/platform.js';
import { DEFAULT_VERSION } from '../tensorflow/install/wheel.js';
import { megabytes } from '../terminal/format.js';
import { type Configure, type Io, stopCode } from '../terminal/io.js';
import { type OptionsOf, parsePath } from '../terminal/options.js';
import { withProgramName } from '../terminal/shell.js';
import { plural } from '../text/plural.js';
import { alignColumns } from '../text/table.js';

type Options = OptionsOf<typeof addOptions>;

export const configure: Configure = (command, io, run) => {
  addOptions(command).action(run((what, options) => setup(what, options, io)));
};

function addOptions(command: Command) {
  return command
    .argument('[what]', 'tensorflow')
    .option('--cpu', 'install without CUDA (default if there is no NVIDIA driver)')
    .option('--cuda', "install with CUDA and NVIDIA's libraries (several GB)")
    .option('--version <version>', `version of TensorFlow (default: ${DEFAULT_VERSION})`)
    .option(
      '--from <path>',
      'install from a wheel, a folder of wheels or libraries, or the TensorFlow of pip (--from pip), instead of downloading',
      parsePath,
    )
    .option('--list', 'list installations')
    .option('--remove [name]', 'remove this installation, or all if no name is given');
}

async function setup(what: string | undefined, options: Options, io: Io): Promise<number> {
  if (options.list) return list(io);
  if (options.remove) return remove(options.remove, io);
  if (what === 'tensorflow') return install(options, io);
  throw new UserError('E_USAGE', `Expected the argument tensorflow, got ${what ?? 'nothing'}.`, {
    hint: 'Run `wnlstm setup tensorflow`.',
  });
}

function list(io: Io): number {
  const installations = listInstallations();
  if (installations.length === 0) {
    io.err(withProgramName('TensorFlow is not installed. Install it with `wnlstm setup tensorflow`.'));
  } else {
    const rows = installations.map((each) => [
      `${each.manifest.version}-${each.manifest.variant}`,
      megabytes(bytesOf(each)),
      each.directory,
    ]);
    io.out(alignColumns([['name', 'size', 'folder'], ...rows]));
  }
  return EXIT.done;
}

function bytesOf({ manifest }: Installation): number {
  return Object.values(manifest.files).reduce((sum, bytes) => sum + bytes, 0);
}

/** Removes an installation by its name, or all installations and what interrupted ones left. */
function remove(name: string | true, io: Io): number {
  const root = installationsDirectory();
  const entries = existsSync(root) ? readdirSync(root) : [];
  const all = name === true || name === 'tensorflow';
  if (!all && !entries.includes(name)) {
    const names = entries.filter((each) => !each.startsWith('.')).join(', ') || 'none';
    throw new UserError('E_USAGE', `--remove: there is no installation ${name} (installed: ${names}).`, {
      hint: 'See `wnlstm setup --list`. Without a name, `--remove` removes all installations.',
    });
  }
  for (const each of all ? entries : [name]) {
    try {
      rmSync(join(root, each), { recursive: true, force: true });
    } catch (error) {
      throw ioError(`remove ${join(root, each)}`, error);
    }
    io.err(`Removed ${join(root, each)}.`);
  }
  if (entries.length === 0) io.err('TensorFlow is not installed; nothing was removed.');
  return EXIT.done;
}

async function install(options: Options, io: Io): Promise<number> {
  const variant = variantOf(options);
  const { version = null, from = null } = options;
  if (version !== null && !/^\d+\.\d+\.\d+\w*$/.test(version)) {
    throw new UserError(
      'E_USAGE',
      `--version: expected a version such as ${DEFAULT_VERSION}, got ${version}.`,
      { hint: `Without \`--version\`, the tested version ${DEFAULT_VERSION} is installed.` },
    );
  }
  requireSupported(thisMachine());
  const progress = { terminal: io.terminal, line: io.err };
  try {
    printOutcome(await installTensorFlow({ variant, version, from, progress, signal: io.signal }), io);
    return EXIT.done;
  } catch (error) {
    if (!io.signal.aborted) throw error;
    io.err('Stopped. Run the same command to resume; finished downloads are kept.');
    return stopCode(io);
  }
}

function variantOf({ cpu, cuda }: Options): Variant {
  if (cpu && cuda) {
    throw new UserError('E_USAGE', 'Expected one of --cpu and --cuda, got both.', {
      hint: 'The CUDA variant also runs on CPUs: `wnlstm setup tensorflow --cuda`.',
    });
  }
  return cpu ? 'cpu' : cuda ? 'cuda' : defaultVariant();
}

function printOutcome(outcome: Outcome, io: Io): void {
  const { installation, reused } = outcome;
  const { version, variant, files } = installation.manifest;
  const device = outcome.library.usableGpus > 0 ? 'cuda' : 'cpu';
  const rows = [
    ['TensorFlow', `${version} ${variant}, ${reused ? 'already installed' : 'installed'} and loadable`],
    ['folder', installation.directory],
    ['size', `${megabytes(bytesOf(installation))} in ${plural(Object.keys(files).length, 'file')}`],
    ...(variant === 'cuda' ? [['GPU', describeGpus(outcome)]] : []),
    ['next', withProgramName(`\`wnlstm train --backend tensorflow --device ${device}\``)],
  ] as const;
  for (const [name = '', value] of rows) io.out(`${io.outColor.dim(name.padEnd(10))}  ${value}`);
}

/** The GPUs and, if TensorFlow cannot use them, the reason. */
function describeGpus({ library: { gpus, usableGpus, failed } }: Outcome): string {
  const names = gpus.map(({ name, computeCapability }) => `${name}, compute capability ${computeCapability}`);
  if (gpus.length === 0) return 'none: no NVIDIA driver responds, so only `--device cpu` works';
  if (usableGpus > 0) return names.join('; ');
  const reason = failed[0] ?? 'it needs other versions of the driver or of the CUDA libraries';
  return `${names.join('; ')}; TensorFlow cannot use it: ${reason}`;
}
