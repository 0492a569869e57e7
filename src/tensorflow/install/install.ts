/**
 * @file Sets TensorFlow up: fetch, unpack beside the target, check, write the manifest, rename. What is not whole never
 * gets its name, and what is whole is used again.
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
import { downloadCommand, downloadWheels, type Progress } from './pip.js';
import { findWheels, resolveSource, type Source, type Wanted, wrongVersion } from './source.js';
import { cacheError, readRequirements, unpackWheel, wheelHash } from './unpack.js';
import { DEFAULT_VERSION, PROJECTS, requiredProject } from './wheel.js';

/** What is asked for. */
export interface Request extends Wanted {
  /** A wheel, a folder or the word pip; null to download. */
  readonly from: string | null;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Stands in for the loading child in tests. */
  readonly check?: typeof checkLibrary;
}

/** What came of it. */
export interface Outcome {
  readonly installation: Installation;
  /** It was there already. */
  readonly reused: boolean;
  readonly library: LibraryReport;
}

/** Folders that start with a dot hold work in progress, and end in the process whose work it is. */
const stagePrefix = '.stage-';

/**
 * Sets TensorFlow up, or finds that it is.
 *
 * @throws {UserError} E_BACKEND, E_DATA or E_IO; then nothing has changed but for downloads that are kept
 */
export async function installTensorFlow(request: Request): Promise<Outcome> {
  const { variant, from, signal, check = checkLibrary } = request;
  const root = installationsDirectory();
  onDisk(`make ${root}`, () => {
    makeDirectory(root);
    removeLeftovers(root, stagePrefix);
  });
  const source = from === null ? null : resolveSource(from, request);
  const version =
    source?.kind === 'libraries' ? null : (source?.version ?? request.version ?? DEFAULT_VERSION);
  const existing = version === null ? null : readInstallation(installationDirectory(version, variant));
  if (existing) {
    const library = await check({ directory: existing.directory, cuda: variant === 'cuda' }, signal);
    return { installation: existing, reused: true, library };
  }
  const stage = join(root, `${stagePrefix}${process.pid}`);
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

function onDisk<T>(action: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw cacheError(action, error);
  }
}

function removeLeftovers(root: string, prefix: string): void {
  for (const path of leftovers(root, prefix)) rmSync(path, { recursive: true, force: true });
}

/** What killed processes left. */
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

/** Fills a stage, checks it and moves it into place. */
async function build(source: Source, request: Request, stage: string): Promise<Outcome> {
  const { variant, signal, check = checkLibrary } = request;
  if (
    source.kind === 'libraries' &&
    variant === 'cuda' &&
    !(await isCudaBuild(join(source.directory, LIBRARIES[0])))
  ) {
    throw new UserError(
      'E_DATA',
      `Expected a TensorFlow with CUDA, got one without in ${source.directory}.`,
      {
        hint: 'Add `--cpu`, or leave out `--from` to fetch one with CUDA.',
      },
    );
  }
  onDisk(`make ${stage}`, () => makeDirectory(stage));
  const contents =
    source.kind === 'wheel'
      ? await unpackAll(await gatherWheels(source.path, request), stage, request)
      : linkLibraries(source.directory, stage);
  onDisk(`protect ${stage}`, () => protect(stage));
  const library = await check({ directory: stage, cuda: variant === 'cuda' }, signal);
  const version = library.version.replace('-', ''); // the library writes 2.21.0-rc1 for 2.21.0rc1
  const expected = source.kind === 'wheel' ? source.version : request.version;
  if (expected !== null && version !== expected) {
    throw wrongVersion(expected, version, source.kind === 'wheel' ? source.path : source.directory);
  }
  const checks = onDisk(`read ${stage}`, () =>
    Object.fromEntries(Object.keys(contents.files).map((name) => [name, checkOf(join(stage, name))])),
  );
  const manifest: Manifest = { format: 1, version, variant, checks, ...contents };
  const target = installationDirectory(version, variant);
  onDisk(`write ${target}`, () => {
    writeSynced(join(stage, 'manifest.json'), toJson(manifest));
    rename(stage, target);
  });
  return { installation: { directory: target, manifest }, reused: false, library };
}

/** Checks and unpacks wheels. */
async function unpackAll(
  paths: readonly string[],
  stage: string,
  request: Request,
): Promise<Pick<Manifest, 'files' | 'wheels'>> {
  const { progress, signal } = request;
  const files: Record<string, number> = {};
  const wheels: Record<string, string> = {};
  for (const path of paths) {
    progress.line(`Unpacking ${basename(path)} …`);
    await ownWheel(path, request, async () => {
      wheels[basename(path)] = await wheelHash(path, signal);
      Object.assign(files, await unpackWheel(path, stage, signal));
    });
  }
  const missing = LIBRARIES.filter((library) => !(library in files));
  if (missing.length === 0) return { files, wheels };
  throw new UserError('E_DATA', `Expected ${missing.join(' and ')} in ${paths[0]}, found none.`, {
    hint: 'Give the wheel of TensorFlow 2.16 or newer for Linux.',
  });
}

/** A wheel of our own download that is damaged goes, so that the next run fetches it anew. */
async function ownWheel<T>(path: string, { from }: Request, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (from !== null || !(error instanceof UserError) || error.code !== 'E_DATA') throw error;
    rmSync(path, { force: true });
    throw new UserError('E_DATA', error.message, { hint: 'Run the same command again.', cause: error });
  }
}

/** TensorFlow's wheel and, for CUDA, those that it names: all that is to be unpacked. */
async function gatherWheels(wheel: string, request: Request): Promise<string[]> {
  const { variant, from, progress, signal } = request;
  if (variant === 'cpu') return [wheel];
  const requirements = await ownWheel(wheel, request, () => readRequirements(wheel));
  if (from === null) await downloadWheels(requirements, dirname(wheel), progress, signal);
  const { wheels, missing } = findWheels(dirname(wheel), requirements);
  if (missing.length === 0) return [wheel, ...wheels];
  throw new UserError(
    'E_DATA',
    `Expected the CUDA wheels beside ${wheel}, found none of ${missing.map(requiredProject).join(', ')}.`,
    {
      hint: `Fetch them where there is a network: \`${downloadCommand(missing)}\`. Without CUDA: add \`--cpu\`.`,
    },
  );
}

/** Takes from others the right to write to the cache and a stage in it: what is loaded from there is run as this user. */
function protect(stage: string): void {
  const inside = readdirSync(stage, { recursive: true, encoding: 'utf8' }).map((name) => join(stage, name));
  for (const path of [cacheDirectory(), installationsDirectory(), stage, ...inside]) {
    const { mode, uid } = lstatSync(path);
    if (uid === process.getuid?.() && (mode & 0o022) !== 0 && !lstatSync(path).isSymbolicLink()) {
      chmodSync(path, mode & 0o7755);
    }
  }
}

/** Gives a stage its name; what had it was not whole. */
function rename(stage: string, target: string): void {
  for (const name of readdirSync(stage, { recursive: true, encoding: 'utf8' })) {
    if (isDirectory(join(stage, name))) syncFolder(join(stage, name));
  }
  syncFolder(stage);
  if (readInstallation(target)) return; // another process was faster
  rmSync(target, { recursive: true, force: true });
  renameSync(stage, target);
  syncFolder(dirname(target));
}

/** Downloads TensorFlow's wheel. */
async function fetchWheel(version: string, request: Request): Promise<Source> {
  const { variant, progress, signal } = request;
  const requirement = `${PROJECTS[variant]}==${version}`;
  const directory = onDisk('make a folder for downloads', () => claimDownloads(request, version));
  await downloadWheels([requirement], directory, progress, signal);
  const [path] = findWheels(directory, [requirement]).wheels;
  return { kind: 'wheel', path, version };
}

/** This process's folder for downloads. What a dead one fetched is taken over: of several, one can rename it. */
function claimDownloads(request: Request, version: string): string {
  const root = installationsDirectory();
  const prefix = downloadsPrefix(request, version);
  const own = join(root, `${prefix}${process.pid}`);
  if (existsSync(own)) return own;
  for (const path of leftovers(root, prefix)) {
    try {
      renameSync(path, own);
      return own;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error; // else another one was faster
    }
  }
  makeDirectory(own);
  return own;
}

function downloadsPrefix({ variant }: Wanted, version: string): string {
  return `.wheels-${version}-${variant}-`;
}
