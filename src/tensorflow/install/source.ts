/** @file Interprets `--from`: a wheel, a folder of wheels, or a folder with TensorFlow's libraries. */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ioError, UserError } from '../../errors.js';
import { LIBRARIES, type Variant } from './installation.js';
import { installedTensorFlow } from './pip.js';
import {
  compareVersions,
  DEFAULT_VERSION,
  parseWheelName,
  requiredProject,
  type WheelName,
} from './wheel.js';

/** What to install. */
export interface Target {
  /** Null for any version, preferably the default one. */
  readonly version: string | null;
  readonly variant: Variant;
}

/** Where the libraries come from. */
export type Source =
  | { readonly kind: 'wheel'; readonly path: string; readonly version: string }
  | { readonly kind: 'libraries'; readonly directory: string };

/** A wheel in a folder. */
interface WheelFile extends WheelName {
  readonly file: string;
}

/**
 * Finds the source that `--from` names.
 *
 * @param from a wheel, a folder of wheels, a folder of libraries, or the word "pip"
 * @throws {UserError} E_DATA if it does not match the target
 */
export function resolveSource(from: string, target: Target): Source {
  const path = from === 'pip' ? installedTensorFlow() : from;
  if (!existsSync(path)) throw ioError(`read --from ${path}`, Object.assign(new Error(), { code: 'ENOENT' }));
  if (statSync(path).isFile()) return checkWheel(path, target);
  const missing = LIBRARIES.filter((library) => !existsSync(join(path, library)));
  if (missing.length === 0) return { kind: 'libraries', directory: path };
  if (missing.length < LIBRARIES.length || from === 'pip') {
    throw new UserError('E_DATA', `Expected ${missing.join(' and ')} in ${path}, found nothing.`, {
      hint: 'This TensorFlow is incomplete or not for Linux. Omit `--from` to download one.',
    });
  }
  return chooseWheel(path, target);
}

function checkWheel(path: string, { version, variant }: Target): Source {
  const name = parseWheelName(basename(path));
  if (!name) {
    throw new UserError('E_DATA', `--from: expected a wheel (.whl) or a folder, got the file ${path}.`, {
      hint: 'Do not rename wheels: the file name describes the contents.',
    });
  }
  if (!projectsFor(variant).includes(name.project)) {
    const cpuOnly = variant === 'cuda' && name.project === 'tensorflow-cpu';
    throw new UserError(
      'E_DATA',
      `Expected a wheel of ${projectsFor(variant).join(' or ')} for the ${variant} variant, got ${basename(path)}.`,
      { hint: cpuOnly ? 'Add `--cpu` for a wheel without CUDA.' : 'Use a wheel of TensorFlow.' },
    );
  }
  if (!name.fits) throw otherPlatform(basename(path));
  if (version !== null && version !== name.version) throw wrongVersion(version, name.version, path);
  return { kind: 'wheel', path, version: name.version };
}

/** Suitable projects, best first. The CUDA build runs on CPUs too. */
function projectsFor(variant: Variant): string[] {
  return variant === 'cuda' ? ['tensorflow'] : ['tensorflow-cpu', 'tensorflow'];
}

function otherPlatform(file: string): UserError {
  return new UserError('E_DATA', `Expected a wheel for Linux on x86-64, got ${file}.`, {
    hint: 'Use the wheel whose name ends with manylinux_2_27_x86_64.whl.',
  });
}

/** Chooses the best wheel in a folder: by project, then the default version, then the newest. */
function chooseWheel(directory: string, target: Target): Source {
  const projects = projectsFor(target.variant);
  const candidates = wheelsIn(directory).filter(({ project }) => projects.includes(project));
  const rank = ({ project, version }: WheelFile): number =>
    2 * projects.indexOf(project) + (version === DEFAULT_VERSION ? 0 : 1);
  const [best] = candidates
    .filter(({ fits, version }) => fits && (target.version === null || version === target.version))
    .sort((a, b) => rank(a) - rank(b) || compareVersions(b.version, a.version));
  if (best) return { kind: 'wheel', path: join(directory, best.file), version: best.version };
  const [other] = candidates;
  if (other) return checkWheel(join(directory, other.file), target); // throws the reason
  const files = `${LIBRARIES.join(' and ')}, or a wheel of ${projects.join(' or ')}`;
  throw new UserError('E_DATA', `--from: expected ${files} in ${directory}, found neither.`, {
    hint: 'Name the folder itself, for example site-packages/tensorflow, or a folder with downloaded wheels.',
  });
}

function wheelsIn(directory: string): WheelFile[] {
  return readdirSync(directory).flatMap((file) => {
    const name = parseWheelName(file);
    return name ? [{ file, ...name }] : [];
  });
}

/** The error for another version than the requested one. */
export function wrongVersion(expected: string, actual: string, where: string): UserError {
  return new UserError('E_DATA', `Expected TensorFlow ${expected}, got ${actual} from ${where}.`, {
    hint: `Use \`--version ${actual}\` to install that version, or another wheel with \`--from\`.`,
  });
}

/**
 * Finds the newest wheel in a folder for each requirement.
 *
 * @returns the paths of the wheels, and the requirements without a wheel
 */
export function findWheels(
  directory: string,
  requirements: readonly string[],
): { wheels: string[]; missing: string[] } {
  const found = wheelsIn(directory);
  const wheels: string[] = [];
  const missing: string[] = [];
  for (const requirement of requirements) {
    const [newest] = found
      .filter(({ project, fits }) => fits && project === requiredProject(requirement))
      .sort((a, b) => compareVersions(b.version, a.version));
    if (newest) wheels.push(join(directory, newest.file));
    else missing.push(requirement);
  }
  return { wheels, missing };
}

/** The folder of the CUDA libraries: beside TensorFlow in site-packages, or in it in an installation; null if missing. */
export function nvidiaFolder(directory: string): string | null {
  return (
    [join(directory, 'nvidia'), join(dirname(directory), 'nvidia')].find((path) => existsSync(path)) ?? null
  );
}
