/** @file What `--from` names: wheels, or a folder that has the libraries already. */

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

/** What there is to set up. */
export interface Wanted {
  /** Null for any, the default version first. */
  readonly version: string | null;
  readonly variant: Variant;
}

/** Where the libraries come from. */
export type Source =
  | { readonly kind: 'wheel'; readonly path: string; readonly version: string }
  | { readonly kind: 'libraries'; readonly directory: string };

interface Found extends WheelName {
  readonly file: string;
}

/**
 * Finds out what `--from` means.
 *
 * @param from a wheel, a folder of wheels, a folder of libraries, or the word pip
 * @throws {UserError} E_DATA if there is nothing fitting
 */
export function resolveSource(from: string, wanted: Wanted): Source {
  const path = from === 'pip' ? installedTensorFlow() : from;
  if (!existsSync(path)) throw ioError(`read --from ${path}`, Object.assign(new Error(), { code: 'ENOENT' }));
  if (statSync(path).isFile()) return checkWheel(path, wanted);
  const missing = LIBRARIES.filter((library) => !existsSync(join(path, library)));
  if (missing.length === 0) return { kind: 'libraries', directory: path };
  if (missing.length < LIBRARIES.length || from === 'pip') {
    throw new UserError('E_DATA', `Expected ${missing.join(' and ')} in ${path}, found none.`, {
      hint: 'That TensorFlow is not whole, or not one for Linux; leave out `--from` to fetch one.',
    });
  }
  return chooseWheel(path, wanted);
}

function checkWheel(path: string, { version, variant }: Wanted): Source {
  const name = parseWheelName(basename(path));
  if (!name) {
    throw new UserError('E_DATA', `--from: expected a wheel (.whl) or a folder, got the file ${path}.`, {
      hint: "Keep a wheel's own file name: it says what is in it.",
    });
  }
  if (!projectsFor(variant).includes(name.project)) {
    const cpuOnly = variant === 'cuda' && name.project === 'tensorflow-cpu';
    throw new UserError(
      'E_DATA',
      `Expected a wheel of ${projectsFor(variant).join(' or ')} for the ${variant} variant, got ${basename(path)}.`,
      { hint: cpuOnly ? 'Add `--cpu` for a wheel without CUDA.' : "Give TensorFlow's own wheel." },
    );
  }
  if (!name.fits) throw otherPlatform(basename(path));
  if (version !== null && version !== name.version) throw wrongVersion(version, name.version, path);
  return { kind: 'wheel', path, version: name.version };
}

/** Projects that will do, best first: the CUDA build runs on CPUs too. */
function projectsFor(variant: Variant): string[] {
  return variant === 'cuda' ? ['tensorflow'] : ['tensorflow-cpu', 'tensorflow'];
}

function otherPlatform(file: string): UserError {
  return new UserError('E_DATA', `Expected a wheel for Linux on x86-64, got ${file}.`, {
    hint: 'Fetch the one whose name ends in manylinux_2_27_x86_64.whl.',
  });
}

/** The wheel of a folder that fits best: project, then the default version, then the newest. */
function chooseWheel(directory: string, wanted: Wanted): Source {
  const projects = projectsFor(wanted.variant);
  const candidates = wheelsIn(directory).filter(({ project }) => projects.includes(project));
  const rank = ({ project, version }: Found): number =>
    2 * projects.indexOf(project) + (version === DEFAULT_VERSION ? 0 : 1);
  const [best] = candidates
    .filter(({ fits, version }) => fits && (wanted.version === null || version === wanted.version))
    .sort((a, b) => rank(a) - rank(b) || compareVersions(b.version, a.version));
  if (best) return { kind: 'wheel', path: join(directory, best.file), version: best.version };
  const [other] = candidates;
  if (other) return checkWheel(join(directory, other.file), wanted); // says what is wrong with it
  const files = `${LIBRARIES.join(' and ')}, or a wheel of ${projects.join(' or ')}`;
  throw new UserError('E_DATA', `--from: expected ${files} in ${directory}, found neither.`, {
    hint: 'Give the folder itself, such as site-packages/tensorflow, or a folder with downloaded wheels.',
  });
}

function wheelsIn(directory: string): Found[] {
  return readdirSync(directory).flatMap((file) => {
    const name = parseWheelName(file);
    return name ? [{ file, ...name }] : [];
  });
}

/** An error for a version that was not asked for. */
export function wrongVersion(expected: string, actual: string, where: string): UserError {
  return new UserError('E_DATA', `Expected TensorFlow ${expected}, got ${actual} from ${where}.`, {
    hint: `Set \`--version ${actual}\` to use that one, or give another one with \`--from\`.`,
  });
}

/**
 * The wheels in a folder that meet requirements; the newest of each.
 *
 * @returns also the requirements that none meets
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

/** Where the CUDA libraries of a TensorFlow lie: beside it in site-packages, or in it as we lay them out. */
export function nvidiaFolder(directory: string): string | null {
  return (
    [join(directory, 'nvidia'), join(dirname(directory), 'nvidia')].find((path) => existsSync(path)) ?? null
  );
}
