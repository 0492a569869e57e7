/** @file `wnlstm doctor`: what works on this machine, what does not, and the one command that mends it. */
import { existsSync, statfsSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { type Dataset, mnistFiles, readDataset } from '../data/mnist.js';
import { hasNvidiaDriver } from '../engines/autodiff/tensorflow/gpu.js';
import { compilerVersion } from '../engines/fused/compile.js';
import { type Backend, chooseBackend, createEngine } from '../engines/select.js';
import { EXIT, UserError } from '../errors.js';
import { makeDirectory } from '../files.js';
import { initialParameters, type ModelSpec } from '../model/spec.js';
import { cacheDirectory, packageVersion } from '../package.js';
import type { Configure } from './io.js';
import { addRunsOption } from './options.js';

/** One thing looked at. */
interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** What was found; if it is not ok, why, and what to do. */
  readonly detail: string;
  readonly hint?: string;
}

const examine = async (name: string, look: () => string | Promise<string>): Promise<Finding> => {
  try {
    return { name, ok: true, detail: await look() };
  } catch (error) {
    if (error instanceof UserError) return { name, ok: false, detail: error.message, hint: error.hint };
    return { name, ok: false, detail: String(error) };
  }
};

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** A few examples of random pixels, enough to take a step. */
const tinyDataset = (): Dataset => {
  const split = {
    count: 4,
    images: Uint8Array.from({ length: 4 * 64 }, (_, at) => (at * 97) % 256),
    labels: Uint8Array.of(0, 1, 2, 3),
  };
  return { size: 8, classes: 4, train: split, validation: split, test: split, checksums: {} };
};

/** A GPU if there is one, for the backend that can use it. */
const deviceFor = (backend: Backend): 'cpu' | 'cuda' =>
  backend === 'tensorflow' && hasNvidiaDriver() ? 'cuda' : 'cpu';

/** Takes one step on a backend. */
const tryBackend = async (backend: Backend): Promise<string> => {
  const { device } = await chooseBackend({ backend, device: deviceFor(backend) });
  const dataset = tinyDataset();
  const spec: ModelSpec = {
    model: 'wn',
    units: 8,
    batch: 4,
    timeSteps: 8,
    inputs: 8,
    classes: 4,
    forgetBias: 1,
    optimizer: 'adam',
    clip: null,
    clipMode: 'norm',
  };
  const parameters = initialParameters(spec, 0, null);
  const input = { spec, dataset, parameters, threads: availableParallelism() };
  const engine = await createEngine(backend, input, device);
  engine.step(Int32Array.of(0, 1, 2, 3), 0.1);
  const { loss } = engine.takeMetrics();
  engine.dispose();
  if (!(Math.abs(loss - Math.log(4)) < 0.2)) throw new Error(`a step gave the loss ${loss}, which cannot be`);
  return engine.device;
};

const freeSpace = (path: string): string => {
  let folder = resolve(path);
  while (!existsSync(folder)) folder = dirname(folder);
  if (!statSync(folder).isDirectory()) {
    throw new UserError('E_IO', `${folder} is a file, not a folder.`, {
      hint: 'Choose another with `--runs DIR`.',
    });
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free < 1e8)
    throw new UserError('E_IO', `${folder} has ${gigabytes(free)} free, a run wants 0.1 GB.`, {
      hint: 'Free some space, or use another folder with `--runs DIR`.',
    });
  return `${path}: ${gigabytes(free)} free`;
};

const bundledMnist = (): string => {
  const { train, validation, test, checksums } = readDataset(null);
  for (const [name, expected] of Object.entries(mnistFiles)) {
    if (checksums[name] !== expected)
      throw new UserError('E_DATA', `The bundled ${name} is damaged.`, { hint: 'Run `npm ci` again.' });
  }
  return `bundled MNIST, ${[train, validation, test].map(({ count }) => count.toLocaleString('en')).join(' + ')} images, checksums right`;
};

const nodeVersion = (): string => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 11)) {
    throw new UserError('E_USAGE', `Node ${process.versions.node}; wnlstm needs 20.11 or newer.`, {
      hint: 'Install a newer Node.',
    });
  }
  return `${process.versions.node} on ${process.platform} ${process.arch}`;
};

const compiler = (): string => {
  const version = compilerVersion();
  if (version !== null) return version;
  throw new UserError('E_BACKEND', 'no C compiler: the wasm backend is used instead of the native one.', {
    hint: 'Debian, Ubuntu: `apt install gcc`; macOS: `xcode-select --install`.',
  });
};

export const configureDoctor: Configure = (command, io) => {
  addRunsOption(command)
    .option('--json', 'print the findings as one line of JSON')
    .action(async (options: { runs: string; json?: boolean }) => {
      const findings = [
        await examine('wnlstm', packageVersion),
        await examine('node', nodeVersion),
        await examine('compiler', compiler),
        ...(await Promise.all(
          (['native', 'wasm', 'tensorflow', 'js'] as const).map((backend) =>
            examine(`backend ${backend}`, () => tryBackend(backend)),
          ),
        )),
        await examine('data', bundledMnist),
        await examine('cache', () => {
          makeDirectory(cacheDirectory());
          return freeSpace(cacheDirectory());
        }),
        await examine('runs', () => freeSpace(options.runs)),
      ];
      const works = (name: string): boolean =>
        findings.some((finding) => finding.name === name && finding.ok);
      const usable =
        works('node') && works('data') && works('runs') && (works('backend native') || works('backend wasm'));
      if (!usable) io.exit(EXIT.failed);
      if (options.json) {
        io.out(JSON.stringify({ usable, findings }));
        return;
      }
      const { green, yellow, dim } = io.outColor;
      for (const { name, ok, detail, hint } of findings) {
        io.out(`${ok ? green('yes') : yellow('no ')}  ${name.padEnd(18)}  ${detail}`);
        if (hint) io.out(dim(`${' '.repeat(25)}${hint}`));
      }
      io.out(
        usable ? '\nReady: `wnlstm train --model wn --clip 0.5`.' : '\nNot ready: mend what says no above.',
      );
    });
};
