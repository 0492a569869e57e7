/**
 * @file Installs TensorFlow: download, unpack into a staging folder, check, write the manifest, rename. An incomplete
 * installation never gets its final name, and a complete one is reused.
 */

import { chmodSync, existsSync, lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode, UserError } from '../../errors.js';
import { isDirectory, makeDirectory, syncFolder, toJson, writeSynced } from '../../files.js';
import { cacheDirectory } from '../../package.js';
import { checkLibrary } from './check-library.js';
import {
  checkOf,
  type Installation,
  installationDirectory,
  installationsDirectory,
  LIBRARIES,
  type Manifest,
  readInstallation,
} from './installation.js';
import type { LibraryReport } from './library-process.js';
import { isCudaBuild, linkLibraries } from './link.js';
import { downloadCommand, downloadWheels, type PipOutput } from './pip.js';
import { findWheels, resolveSource, type Source, type Target, wrongVersion } from './source.js';
import { cacheError, readRequirements, unpackWheel, wheelHash } from './unpack.js';
import { DEFAULT_VERSION, PROJECTS, requiredProject } from './wheel.js';

/** What to install, and from where. */
export interface InstallRequest extends Target {
  /** A wheel, a folder or the word "pip"; null to download. */
  readonly from: string | null;
  readonly progress: PipOutput;
  readonly signal?: AbortSignal;
  /** Replaces the check in a child process, for tests. */
  readonly check?: typeof checkLibrary;
}

/** The result of an installation. */
export interface Outcome {
  readonly installation: Installation;
  /** Whether it was installed before. */
  readonly reused: boolean;
  readonly library: LibraryReport;
}

/** Folders that start with a dot hold incomplete work; their names end with the id of the process that owns them. */
const STAGE_PREFIX = '.stage-';

/**
 * Installs TensorFlow, or finds the existing installation.
 *
 * @throws {UserError} E_BACKEND, E_DATA or E_IO; only downloads are kept then
 */
export async function installTensorFlow(request: InstallRequest): Promise<Outcome> {
  const { variant, from, signal, check = checkLibrary } = request;
  const root = installationsDirectory();
  inCache(`create ${root}`, () => {
    makeDirectory(root);
    removeLeftovers(root, STAGE_PREFIX);
  });
  const source = from === null ? null : resolveSource(from, request);
  const version =
    source?.kind === 'libraries' ? null : (source?.version ?? request.version ?? DEFAULT_VERSION);
  const existing = version === null ? null : readInstallation(installationDirectory(version, variant));
  if (existing) {
    const library = await check({ directory: existing.directory, cuda: variant === 'cuda' }, signal);
    return { installation: existing, reused: true, library };
  }
  const stage = join(root, `${STAGE_PREFIX}${process.pid}`);
  try {
    const outcome = await build(
      source ?? (await fetchWheel(version ?? DEFAULT_VERSION, request)),
      request,
      stage,
    );
    if (version !== null) {
      const prefix = downloadsPrefix(request, version);
      rmSync(join(root, `${prefix}${process.pid}`), { recursive: true, force: true });
      removeLeftovers(root, prefix);
    }
    return outcome;
  } finally {
    if (existsSync(stage)) rmSync(stage, { recursive: true, force: true });
  }
}

/** Runs a file operation in the cache and explains its errors. */
function inCache<T>(action: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw cacheError(action, error);
  }
}

/** Removes the folders of killed processes. */
function removeLeftovers(root: string, prefix: string): void {
  for (const path of leftovers(root, prefix)) rmSync(path, { recursive: true, force: true });
}

/** Folders with a prefix whose process does not exist. */
function leftovers(root: string, prefix: string): string[] {
  return readdirSync(root)
    .filter((name) => {
      if (!name.startsWith(prefix)) return false;
      try {
        process.kill(Number(name.slice(prefix.length)), 0);
        return false;
      } catch (error) {
        return systemCode(error) === 'ESRCH';
      }
    })
    .map((name) => join(root, name));
}

/** Fills a staging folder, checks it and renames it. */
async function build(source: Source, request: InstallRequest, stage: string): Promise<Outcome> {
  const { variant, signal, check = checkLibrary } = request;
  if (
    source.kind === 'libraries' &&
    variant === 'cuda' &&
    !(await isCudaBuild(join(source.directory, LIBRARIES[0])))
  ) {
    throw new UserError(
      'E_DATA',
      `Expected TensorFlow with CUDA, got a build without CUDA in ${source.directory}.`,
      {
        hint: 'Add `--cpu`, or omit `--from` to download a build with CUDA.',
      },
    );
  }
  inCache(`create ${stage}`, () => makeDirectory(stage));
  const contents =
    source.kind === 'wheel'
      ? await unpackAll(await gatherWheels(source.path, request), stage, request)
      : linkLibraries(source.directory, stage);
  inCache(`protect ${stage}`, () => protect(stage));
  const library = await check({ directory: stage, cuda: variant === 'cuda' }, signal);
  const version = library.version.replace('-', ''); // the library reports 2.21.0-rc1 for 2.21.0rc1
  const expected = source.kind === 'wheel' ? source.version : request.version;
  if (expected !== null && version !== expected) {
    throw wrongVersion(expected, version, source.kind === 'wheel' ? source.path : source.directory);
  }
  const checks = inCache(`read ${stage}`, () =>
    Object.fromEntries(Object.keys(contents.files).map((name) => [name, checkOf(join(stage, name))])),
  );
  const manifest: Manifest = { format: 1, version, variant, checks, ...contents };
  const target = installationDirectory(version, variant);
  inCache(`write ${target}`, () => {
    writeSynced(join(stage, 'manifest.json'), toJson(manifest));
    rename(stage, target);
  });
  return { installation: { directory: target, manifest }, reused: false, library };
}

/** Checks wheels and unpacks them into the staging folder. */
async function unpackAll(
  paths: readonly string[],
  stage: string,
  request: InstallRequest,
): Promise<Pick<Manifest, 'files' | 'wheels'>> {
  const { progress, signal } = request;
  const files: Record<string, number> = {};
  const wheels: Record<string, string> = {};
  for (const path of paths) {
    progress.line(`Unpacking ${basename(path)} …`);
    await removeIfDamaged(path, request, async () => {
      wheels[basename(path)] = await wheelHash(path, signal);
      Object.assign(files, await unpackWheel(path, stage, signal));
    });
  }
  const missing = LIBRARIES.filter((library) => !(library in files));
  if (missing.length === 0) return { files, wheels };
  throw new UserError(
    'E_DATA',
    `Expected ${missing.join(' and ')} in ${paths[0]}, but the wheel does not contain it.`,
    {
      hint: 'Use a wheel of TensorFlow 2.16 or newer for Linux.',
    },
  );
}

/** Runs a task on a wheel. A downloaded wheel that is damaged is deleted, so that the next run downloads it again. */
async function removeIfDamaged<T>(
  path: string,
  { from }: InstallRequest,
  task: () => Promise<T>,
): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (from !== null || !(error instanceof UserError) || error.code !== 'E_DATA') throw error;
    rmSync(path, { force: true });
    throw new UserError('E_DATA', error.message, {
      hint: 'Run the same command again to download it again.',
      cause: error,
    });
  }
}

/** All wheels to unpack: TensorFlow's and, for CUDA, those that it requires. */
async function gatherWheels(wheel: string, request: InstallRequest): Promise<string[]> {
  const { variant, from, progress, signal } = request;
  if (variant === 'cpu') return [wheel];
  const requirements = await removeIfDamaged(wheel, request, () => readRequirements(wheel));
  if (from === null) await downloadWheels(requirements, dirname(wheel), progress, signal);
  const { wheels, missing } = findWheels(dirname(wheel), requirements);
  if (missing.length === 0) return [wheel, ...wheels];
  throw new UserError(
    'E_DATA',
    `Expected the CUDA wheels in the folder of ${wheel}, but it has no ${missing.map(requiredProject).join(', ')}.`,
    {
      hint: `Download them on a machine with a network: \`${downloadCommand(missing)}\`. Without CUDA: add \`--cpu\`.`,
    },
  );
}

/** Removes write permissions of other users on the cache and a staging folder, because its libraries are executed. */
function protect(stage: string): void {
  const inside = readdirSync(stage, { recursive: true, encoding: 'utf8' }).map((name) => join(stage, name));
  for (const path of [cacheDirectory(), installationsDirectory(), stage, ...inside]) {
    const { mode, uid } = lstatSync(path);
    if (uid === process.getuid?.() && (mode & 0o022) !== 0 && !lstatSync(path).isSymbolicLink()) {
      chmodSync(path, mode & 0o7755);
    }
  }
}

/** Gives a staging folder its final name. An incomplete installation of that name is removed. */
function rename(stage: string, target: string): void {
  for (const name of readdirSync(stage, { recursive: true, encoding: 'utf8' })) {
    if (isDirectory(join(stage, name))) syncFolder(join(stage, name));
  }
  syncFolder(stage);
  if (readInstallation(target)) return; // another process has installed it in the meantime
  rmSync(target, { recursive: true, force: true });
  renameSync(stage, target);
  syncFolder(dirname(target));
}

/** Downloads TensorFlow's wheel. */
async function fetchWheel(version: string, request: InstallRequest): Promise<Source> {
  const { variant, progress, signal } = request;
  const requirement = `${PROJECTS[variant]}==${version}`;
  const directory = inCache('create a folder for downloads', () => claimDownloads(request, version));
  await downloadWheels([requirement], directory, progress, signal);
  const [path] = findWheels(directory, [requirement]).wheels;
  if (path) return { kind: 'wheel', path, version };
  throw new UserError('E_BACKEND', `pip downloaded no wheel of ${requirement} for this platform.`, {
    hint: 'Give a wheel with `--from`.',
  });
}

/** The download folder of this process. Takes over the folder of a dead process; only one process can rename it. */
function claimDownloads(request: InstallRequest, version: string): string {
  const root = installationsDirectory();
  const prefix = downloadsPrefix(request, version);
  const own = join(root, `${prefix}${process.pid}`);
  if (existsSync(own)) return own;
  for (const path of leftovers(root, prefix)) {
    try {
      renameSync(path, own);
      return own;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error; // another process took it over
    }
  }
  makeDirectory(own);
  return own;
}

function downloadsPrefix({ variant }: Target, version: string): string {
  return `.wheels-${version}-${variant}-`;
}
