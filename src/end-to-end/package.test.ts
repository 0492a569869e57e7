/** @file The package of `npm run package`: its files, and training with only its dependencies. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, posix } from 'node:path';
import { after, before, test } from 'node:test';
import { packageRoot } from '../package.js';
import type { RunRecord, Summary } from '../runs/record.js';

const onWindows = process.platform === 'win32';
const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-package-'));
after(() => rmSync(scratch, { recursive: true }));
const clone = join(scratch, 'clone');
const modules = join(scratch, 'project/node_modules');
const installed = join(modules, 'wnlstm');
const elsewhere = join(scratch, 'elsewhere');

/** An environment without the user's home folder and without the variables of a surrounding npm. */
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))),
  HOME: join(scratch, 'home'),
  npm_config_offline: 'true',
};

function run(command: string, args: readonly string[], cwd: string): string {
  const shell = onWindows && command === 'npm';
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    shell,
    env: environment,
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

const skip = ['npm', 'tar', 'git'].some(
  (command) => spawnSync(command, ['--version'], { shell: onWindows }).status !== 0,
)
  ? 'needs npm, tar and git'
  : false;

const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  readonly bin: { readonly wnlstm: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
};
const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });

/** The paths of the packed files, with `/`. */
let files: string[] = [];

function textOf(file: string): string {
  return readFileSync(join(installed, file), 'utf8');
}

/** Packs a fresh clone and installs the package with its dependencies, without development dependencies. */
function install(): void {
  for (const folder of [elsewhere, installed, join(scratch, 'home')]) mkdirSync(folder, { recursive: true });
  const notCloned = new Set(['.git', 'node_modules', 'dist'].map((name) => join(packageRoot, name)));
  const ofRuns = (path: string): boolean =>
    dirname(path) === join(packageRoot, 'runs') && basename(path) !== 'README.md';
  cpSync(packageRoot, clone, { recursive: true, filter: (path) => !notCloned.has(path) && !ofRuns(path) });
  symlinkSync(join(packageRoot, 'node_modules'), join(clone, 'node_modules'), 'junction');
  mkdirSync(join(clone, 'dist'));
  writeFileSync(join(clone, 'dist/gone.js'), '// what is left of a source that was deleted');
  run('npm', ['run', 'package', '--', '--pack-destination', scratch], clone);

  const tarball = readdirSync(scratch).find((name) => name.endsWith('.tgz')) ?? 'no tarball';
  run('tar', ['-xzf', join(scratch, tarball), '-C', installed, '--strip-components', '1'], scratch);
  files = readdirSync(installed, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .map((path) => path.slice(installed.length + 1).replaceAll('\\', '/'));
  for (const name of dependencies) {
    const target = join(packageRoot, 'node_modules', name);
    if (!existsSync(target)) continue; // an optional one
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(target, join(modules, name), 'junction');
  }
}

before(skip === false ? install : () => {});

test('the package has every file for run time and the documents, and no tests or old files', {
  skip,
}, () => {
  const expected = ['bin/wnlstm.js', 'dist/cli.js', 'README.md', 'README.ja.md', 'LICENSE'];
  for (const folder of ['src/engines/fused/prebuilt', 'src/engines/fused/kernel', 'configs', 'docs']) {
    const names = readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' });
    expected.push(...names.filter((name) => name.includes('.')).map((name) => posix.join(folder, name)));
  }
  const sources = readdirSync(join(packageRoot, 'src'), { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => /\.ts$/.test(name) && !/\.(test|testing|d)\.ts$/.test(name));
  const compiled = sources.map((name) => `dist/${name.replace(/ts$/, 'js')}`);
  const missing = [...expected, ...compiled].filter((name) => !files.includes(name));
  assert.deepEqual(missing, []);
  const inDist = files.filter((name) => name.startsWith('dist/') && !compiled.includes(name));
  assert.deepEqual(inDist, []);
  assert.deepEqual(
    files.filter((name) => /\.(test|testing|fixture|map|ts)\b/.test(name)),
    [],
  );
});

test('every relative link in a document of the package names a file of the package', { skip }, () => {
  for (const document of files.filter((name) => name.endsWith('.md'))) {
    for (const [, link] of textOf(document).matchAll(/\]\(([^)#\s]+)/g)) {
      if (/^[a-z]+:/.test(link!)) continue;
      const target = posix.join(posix.dirname(document), link!);
      assert.ok(files.includes(target), `${document} links to ${link}`);
    }
  }
});

test('every package that the program imports is among its dependencies', { skip }, () => {
  const imports = /(?:\bfrom |\bimport |\bimport\(|\brequire\(|\bresolve\()'([^'.][^']*)'/g;
  for (const file of files.filter((name) => /^(dist|bin)\/.*\.js$/.test(name))) {
    for (const [, imported] of textOf(file).matchAll(imports)) {
      const known = dependencies.some((name) => `${imported}/`.startsWith(`${name}/`));
      assert.ok(known || imported!.startsWith('node:'), `${file} imports ${imported}`);
    }
  }
});

test('a package installed from its tarball trains to the same weights as the clone', { skip }, () => {
  run('git', ['init', '--quiet', join(scratch, 'project')], scratch);
  const commit = ['commit', '--quiet', '--allow-empty', '--message', 'A project that uses it'];
  run('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...commit], join(scratch, 'project'));
  const train = (root: string): Summary => {
    const flags = ['--steps', '20', '--backend', 'auto', '--device', 'cpu', '--json', '--quiet'];
    const config = join(root, 'configs/smoke.json');
    const args = [join(root, manifest.bin.wnlstm), 'train', '--config', config, ...flags];
    return JSON.parse(run(process.execPath, [...args, '--runs', join(elsewhere, basename(root))], elsewhere));
  };
  const [ofPackage, ofClone] = [train(installed), train(packageRoot)];
  assert.equal(ofPackage.status, 'completed');
  assert.equal(ofPackage.weights_sha256, ofClone.weights_sha256);
  const record = JSON.parse(readFileSync(join(ofPackage.dir, 'run.json'), 'utf8')) as RunRecord;
  assert.equal(record.git_commit, null, 'the commit of the project around it is not its own');
});

test('a package without the compiled program prints how to create the package', { skip }, () => {
  const broken = join(scratch, 'broken');
  mkdirSync(broken);
  for (const name of ['bin', 'package.json']) {
    cpSync(join(installed, name), join(broken, name), { recursive: true });
  }
  const { status, stderr } = spawnSync(process.execPath, [join(broken, manifest.bin.wnlstm)], {
    encoding: 'utf8',
  });
  assert.equal(status, 2);
  assert.match(stderr, /npm run package/);
});
