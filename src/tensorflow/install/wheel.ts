/** @file What a wheel's name, METADATA and RECORD say, and which of its files are needed. Pure: no file is read here. */

import { BUILD_INFO, LIBRARIES, type Variant } from './installation.js';

/** The version that the backend is tested with. */
export const DEFAULT_VERSION = '2.21.0';

/** SHA-256 of the wheels of the default version. */
export const PINNED: Readonly<Record<string, string>> = {
  'tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl':
    'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
  'tensorflow-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl':
    'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0',
};

/** The project that carries a variant. Its `tensorflow` is the CUDA build, which runs on CPUs as well, but is larger. */
export const PROJECTS = { cpu: 'tensorflow-cpu', cuda: 'tensorflow' } as const satisfies Record<
  Variant,
  string
>;

/** The parts of a wheel's file name. */
export interface WheelName {
  /** Project in its normal form: lower case, words joined by `-`. */
  readonly project: string;
  readonly version: string;
  /** False for another system or processor. */
  readonly fits: boolean;
}

/**
 * Takes a wheel's file name apart.
 *
 * @returns null if it is none
 * @see https://packaging.python.org/en/latest/specifications/binary-distribution-format
 */
export function parseWheelName(file: string): WheelName | null {
  const parts = /^([^-]+)-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-([^-]+)\.whl$/.exec(file);
  if (!parts) return null;
  const [, project, version, platforms] = parts;
  const fits = platforms.split('.').some((tag) => /^(many)?linux(_\d+_\d+|\d+)?_x86_64$/.test(tag));
  return { project: normalName(project), version, fits };
}

/** Orders versions by their numbers, oldest first; release candidates before what they became. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) =>
    version.split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0),
  );
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return b.length - a.length; // 2.21.0rc1 is longer than 2.21.0
}

/**
 * Where a file of a wheel goes within an installation.
 *
 * @param entry path within the wheel
 * @returns null if it is not needed; never a path that leads out of the installation
 */
export function neededPath(entry: string): string | null {
  for (const library of LIBRARIES) if (entry === `tensorflow/${library}`) return library;
  if (entry === `tensorflow/python/platform/${BUILD_INFO}`) return BUILD_INFO;
  return /^nvidia\/\w+\/lib\/[\w+-]+\.so(\.\d+)*$/.test(entry) ? entry : null;
}

/**
 * The nvidia requirements that TensorFlow's METADATA names for its extra `and-cuda`, as pip takes them.
 *
 * @returns for example `nvidia-cublas-cu12<13.0,>=12.5.3.2`
 */
export function nvidiaRequirements(metadata: string): string[] {
  return metadata.split(/\r?\n/).flatMap((line) => {
    const [name, marker = ''] = line.replace(/^Requires-Dist:/, '').split(';', 2);
    const isWanted = name !== line && /\bextra\s*==\s*['"]and-cuda['"]/.test(marker);
    const requirement = isWanted && /^\s*nvidia-/.test(name) ? name.replace(/[\s()]/g, '') : null;
    // The CUDA compiler is a program and no library; only XLA calls it.
    return requirement && !requirement.startsWith('nvidia-cuda-nvcc') ? [requirement] : [];
  });
}

/** The project that a requirement is about. */
export function requiredProject(requirement: string): string {
  return normalName(/^[\w.-]*\w/.exec(requirement)?.[0] ?? requirement);
}

/** A project's name in its normal form. */
export function normalName(project: string): string {
  return project.toLowerCase().replace(/[-_.]+/g, '-');
}

/** SHA-256 in URL-safe base64 of each file, by its path within the wheel, as the wheel's RECORD has it. */
export function parseRecord(record: string): Map<string, string> {
  return new Map(
    [...record.matchAll(/^"?(.+?)"?,sha256=([\w-]+)=*,\d*\r?$/gm)].map(([, path, digest]) => [path, digest]),
  );
}
