/** @file `wnlstm doctor`: what works on this machine, what does not, and the one command that mends it. */

import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Backend } from '../config.js';
import { usableCores } from '../cores.js';
import { mnistFiles, readDataset } from '../data/mnist.js';
import { checkArithmetic } from '../engines/check-arithmetic.js';
import { chooseBackend, createEngine } from '../engines/select.js';
import { tryEngine } from '../engines/trial.js';
import { EXIT, UserError } from '../errors.js';
import { makeDirectory } from '../files.js';
import { cacheDirectory, packageVersion } from '../package.js';
import { examine, examineTensorFlow } from '../terminal/examine-tensorflow.js';
import type { Configure } from '../terminal/io.js';
import { addRunsOption } from '../terminal/options.js';

export const configureDoctor: Configure = (command, io) => {
  addRunsOption(command)
    .option('--json', 'print the findings as one line of JSON')
    .action(async (options: { runs: string; json?: boolean }) => {
      const findings = [
        await examine('wnlstm', packageVersion),
        await examine('node', nodeVersion),
        ...(await Promise.all(
          (['native', 'wasm', 'js'] as const).map((backend) =>
            examine(`backend ${backend}`, () => tryBackend(backend)),
          ),
        )),
        await examine('exact results', checkArithmetic),
        ...(await examineTensorFlow(io.signal)),
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

/** Takes one step on a backend. */
async function tryBackend(backend: Backend): Promise<string> {
  const { device } = await chooseBackend({ backend, device: 'cpu' });
  return tryEngine(usableCores(), (input) => createEngine(backend, input, device));
}

function freeSpace(path: string): string {
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
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

function bundledMnist(): string {
  const { train, validation, test, checksums } = readDataset(null);
  for (const [name, expected] of Object.entries(mnistFiles)) {
    if (checksums[name] !== expected)
      throw new UserError('E_DATA', `The bundled ${name} is damaged.`, { hint: 'Run `npm ci` again.' });
  }
  return `bundled MNIST, ${[train, validation, test].map(({ count }) => count.toLocaleString('en')).join(' + ')} images, checksums right`;
}

function nodeVersion(): string {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 11)) {
    throw new UserError('E_USAGE', `Node ${process.versions.node}; wnlstm needs 20.11 or newer.`, {
      hint: 'Install a newer Node.',
    });
  }
  return `${process.versions.node} on ${process.platform} ${process.arch}`;
}
