/** @file `wnlstm setup` as a process, with a fake pip and fake libraries. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packageRoot } from '../package.js';
import { LIBRARIES } from '../tensorflow/install/installation.js';
import {
  compileFakeDriver,
  compileFakeLibraries,
  noFakeLibraries as skip,
} from '../tensorflow/install/library.testing.js';
import { writeFakePython, writeWheel } from '../tensorflow/install/wheel.testing.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-setup-'));
after(() => rmSync(root, { recursive: true }));

const index = join(root, 'index');
const cache = join(root, 'cache');
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  NO_COLOR: '1',
  FORCE_COLOR: undefined, // the test runner sets it, and Node warns where both are set
  XDG_CACHE_HOME: cache,
  PATH: `${writeFakePython(join(root, 'bin'), index)}:${process.env.PATH}`,
};
const command = [join(packageRoot, 'bin/wnlstm.js'), 'setup'];

function setup(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, ...args], {
    encoding: 'utf8',
    env: environment,
  });
  return { code: status, out: stdout, err: stderr };
}

function serve(version: string): void {
  const built = compileFakeLibraries(join(root, version), version);
  const files = LIBRARIES.map((name) => [`tensorflow/${name}`, readFileSync(join(built, name))] as const);
  const name = `tensorflow_cpu-${version}-cp312-cp312-manylinux_2_27_x86_64.whl`;
  writeWheel(index, name, Object.fromEntries(files));
}

test('setup downloads, checks and lists an installation, and --remove removes it', { skip }, () => {
  serve('2.20.1');
  assert.match(setup('--list').err, /TensorFlow is not installed/);
  const { code, out, err } = setup('tensorflow', '--cpu', '--version', '2.20.1');
  assert.equal(code, 0, err);
  assert.match(err, /^Downloading tensorflow_cpu-2\.20\.1.*\nUnpacking /);
  assert.match(
    out,
    /TensorFlow +2\.20\.1 cpu, installed and loadable\nfolder +.*2\.20\.1-cpu\nsize +0 MB in 2 files\n/,
  );
  assert.match(out, /next +`.*wnlstm(\.js)? train --backend tensorflow --device cpu`\n$/);
  assert.match(setup('tensorflow', '--cpu', '--version', '2.20.1').out, /already installed/);
  assert.match(setup('--list').out, /^name .*\n2\.20\.1-cpu +0 MB +\//);
  assert.match(setup('--remove', '2.20.1-cpu').err, /^Removed .*2\.20\.1-cpu\.\n$/);
  assert.deepEqual(readdirSync(join(cache, 'wnlstm/tensorflow')), []);
});

test('with CUDA the GPU is printed, and the next command uses the device that TensorFlow can use', {
  skip,
}, () => {
  environment.LD_LIBRARY_PATH = compileFakeDriver(join(root, 'driver'), 'Fake H100');
  for (const gpus of [0, 1]) {
    // nvidia/cublas/lib is how a build with CUDA is known
    const from = compileFakeLibraries(join(root, `gpus-${gpus}`), `2.20.${gpus}`, { gpus });
    appendFileSync(join(from, LIBRARIES[0]), 'nvidia/cublas/lib');
    const { code, out, err } = setup('tensorflow', '--cuda', '--from', from);
    assert.equal(code, 0, err);
    assert.match(out, /GPU +Fake H100, compute capability 9\.0/);
    if (gpus === 0) assert.match(out, /TensorFlow cannot use it: .*\nnext .*--device cpu`/);
    else assert.match(out, /9\.0\nnext .*--device cuda`/);
  }
  delete environment.LD_LIBRARY_PATH;
});

test('Ctrl-C ends a download with one line and exit code 130', { skip }, async () => {
  writeFileSync(join(index, 'slow'), '');
  const child = spawn(process.execPath, [...command, 'tensorflow', '--cpu'], { env: environment });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const log = join(index, 'log');
  while (!readFileSync(log, 'utf8').includes('tensorflow-cpu==2.21.0'))
    await new Promise((resolve) => setTimeout(resolve, 10));
  child.kill('SIGINT');
  assert.equal(await ended, 130);
  assert.equal(err, 'Stopped. Run the same command to resume; finished downloads are kept.\n');
  rmSync(join(index, 'slow'));
});

test('wrong usage prints one line and a hint, and exits with code 2', { skip }, () => {
  const cases: [string[], RegExp][] = [
    [[], /Expected the argument tensorflow, got nothing/],
    [['torch'], /got torch/],
    [['tensorflow', '--cpu', '--cuda'], /Expected one of --cpu and --cuda, got both/],
    [['tensorflow', '--version', '2.21; x'], /--version: expected a version such as 2\.21\.0, got 2\.21; x/],
    [['tensorflow', '--cpu', '--version', '2.0.0'], /The package index has no tensorflow-cpu==2\.0\.0/],
    [['tensorflow', '--from', join(root, 'absent')], /no such file or folder/],
    [['--remove', '../..'], /--remove: there is no installation \.\.\/\.\. \(installed: .*\)/],
    [['--lst'], /unknown option '--lst'/],
  ];
  for (const [args, expected] of cases) {
    const { code, out, err } = setup(...args);
    assert.match(err, expected);
    assert.equal(code, 2, err);
    assert.equal(out, '');
    assert.match(err, /^error .*\nhint .*\n$/);
  }
});

test('--help and --version after setup belong to the command', () => {
  assert.match(setup('--help').out, /^Usage: wnlstm setup \[options\] \[what\]/);
  const alone = spawnSync(process.execPath, [command[0]!, '--version'], { encoding: 'utf8' });
  assert.match(alone.stdout, /^\d+\.\d+\.\d+\n$/);
});

test('--remove without a name removes everything, also unfinished installations', { skip }, () => {
  writeFileSync(join(cache, 'wnlstm/tensorflow/.stage-1'), '');
  setup('--remove');
  assert.deepEqual(readdirSync(join(cache, 'wnlstm/tensorflow')), []);
  assert.match(setup('--remove').err, /nothing was removed/);
  assert.ok(existsSync(cache));
});
