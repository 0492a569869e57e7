/** @file `wnlstm doctor`: checks what works on this machine, and how to fix what does not. */

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
import { examineGpu } from '../terminal/examine-gpu.js';
import { examine, examineTensorFlow, type Finding } from '../terminal/examine-tensorflow.js';
import { describeSplits } from '../terminal/format.js';
import type { Configure, Io } from '../terminal/io.js';
import { addRunsOption } from '../terminal/options.js';
import { withProgramName } from '../terminal/shell.js';
import { wrap } from '../text/wrap.js';

export const configure: Configure = (command, io, run) => {
  addRunsOption(command)
    .option('--json', 'print the findings as one line of JSON')
    .action(run(({ runs, json }) => doctor(runs, Boolean(json), io)));
};

async function doctor(runs: string, json: boolean, io: Io): Promise<number> {
  const findings = await examineMachine(runs, io.signal);
  const works = (name: string): boolean => findings.some((finding) => finding.name === name && finding.ok);
  const isUsable =
    works('node') && works('data') && works('runs') && (works('backend native') || works('backend wasm'));
  if (json) io.out(JSON.stringify({ usable: isUsable, findings }));
  else {
    for (const finding of findings) printFinding(finding, io);
    const verdict = isUsable
      ? "Ready. To train the article's model, run `wnlstm train --model wn --clip 0.5`."
      : "Not ready. Fix the checks marked 'no' above.";
    io.out(`\n${withProgramName(verdict)}`);
  }
  return isUsable ? EXIT.done : EXIT.failed;
}

async function examineMachine(runs: string, signal: AbortSignal): Promise<Finding[]> {
  return [
    await examine('wnlstm', packageVersion),
    await examine('node', nodeVersion),
    ...(await Promise.all(
      (['native', 'wasm', 'js'] as const).map((backend) =>
        examine(`backend ${backend}`, () => tryBackend(backend)),
      ),
    )),
    await examineGpu(),
    await examine('exact results', checkArithmetic),
    ...(await examineTensorFlow(signal)),
    await examine('data', bundledMnist),
    await examine('cache', () => {
      makeDirectory(cacheDirectory());
      return freeSpace(cacheDirectory(), 'Choose another folder with XDG_CACHE_HOME.');
    }),
    await examine('runs', () => freeSpace(runs, 'Choose another folder with `--runs DIR`.')),
  ];
}

function nodeVersion(): string {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 11)) {
    throw new UserError('E_USAGE', `Expected Node 20.11 or newer, got ${process.versions.node}.`, {
      hint: 'Install a newer version of Node.',
    });
  }
  return `${process.versions.node} on ${process.platform} ${process.arch}`;
}

/** Runs one training step on a backend. */
async function tryBackend(backend: Backend): Promise<string> {
  const { device } = await chooseBackend({ backend, device: 'cpu' });
  return tryEngine(usableCores(), (input) => createEngine(backend, input, device));
}

function bundledMnist(): string {
  const dataset = readDataset(null);
  for (const [name, expected] of Object.entries(mnistFiles)) {
    if (dataset.checksums[name] !== expected)
      throw new UserError('E_DATA', `The checksum of the bundled file ${name} is wrong.`, {
        hint: 'Install the package again with `npm ci`.',
      });
  }
  return `bundled MNIST: ${describeSplits(dataset)}; checksums correct`;
}

/** @param elsewhere how to choose another folder */
function freeSpace(path: string, elsewhere: string): string {
  let folder = resolve(path);
  while (!existsSync(folder)) folder = dirname(folder);
  if (!statSync(folder).isDirectory()) {
    throw new UserError('E_IO', `Expected a folder at ${folder}, found a file.`, { hint: elsewhere });
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free < 1e8)
    throw new UserError('E_IO', `Expected 0.1 GB of free space in ${folder}, found ${gigabytes(free)}.`, {
      hint: `Free some space. ${elsewhere}`,
    });
  return `${path}: ${gigabytes(free)} free`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

const NAME_WIDTH = 18;
const INDENT = ' '.repeat(NAME_WIDTH + 7);

function printFinding({ name, ok, detail, hint }: Finding, { out, outColor, outWidth }: Io): void {
  const { green, yellow, dim } = outColor;
  const width = Math.max((outWidth ?? Number.POSITIVE_INFINITY) - INDENT.length, 20);
  const [first = '', ...rest] = wrap(detail, width);
  out(`${ok ? green('yes') : yellow('no ')}  ${name.padEnd(NAME_WIDTH)}  ${first}`);
  for (const line of rest) out(INDENT + line);
  if (hint) for (const line of wrap(withProgramName(hint), width)) out(dim(INDENT + line));
}
