/** @file Parses a wheel's name, METADATA and RECORD, and selects the needed files. Reads no file. */

import { BUILD_INFO, LIBRARIES, type Variant } from './installation.js';

/** The tested version. */
export const DEFAULT_VERSION = '2.21.0';

/** SHA-256 of the wheels of the default version. */
export const PINNED: Readonly<Record<string, string>> = {
  'tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl':
    'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
  'tensorflow-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl':
    'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0',
};

/** The project of each variant. `tensorflow` is the CUDA build, which is larger and also runs on CPUs. */
export const PROJECTS = { cpu: 'tensorflow-cpu', cuda: 'tensorflow' } as const satisfies Record<
  Variant,
  string
>;

/** The parts of a wheel's file name. */
export interface WheelName {
  /** Normalised project name: lower case, words joined by `-`. */
  readonly project: string;
  readonly version: string;
  /** Whether it is for Linux on x86-64. */
  readonly fits: boolean;
}

/**
 * Parses the file name of a wheel.
 *
 * @returns null if it is not a wheel's name
 * @see https://packaging.python.org/en/latest/specifications/binary-distribution-format
 */
export function parseWheelName(file: string): WheelName | null {
  const [, project, version, platforms] =
    /^([^-]+)-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-([^-]+)\.whl$/.exec(file) ?? [];
  if (project === undefined || version === undefined || platforms === undefined) return null;
  const fits = platforms.split('.').some((tag) => /^(many)?linux(_\d+_\d+|\d+)?_x86_64$/.test(tag));
  return { project: normalName(project), version, fits };
}

/** Compares versions by their numbers; release candidates come before the release. */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string): number[] =>
    version.split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [numbers(a), numbers(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return b.length - a.length; // 2.21.0rc1 is longer than 2.21.0
}

/**
 * The path of a wheel's file in an installation.
 *
 * @param entry path in the wheel
 * @returns null if the file is not needed; never a path outside of the installation
 */
export function neededPath(entry: string): string | null {
  for (const library of LIBRARIES) if (entry === `tensorflow/${library}`) return library;
  if (entry === `tensorflow/python/platform/${BUILD_INFO}`) return BUILD_INFO;
  return /^nvidia\/\w+\/lib\/[\w+-]+\.so(\.\d+)*$/.test(entry) ? entry : null;
}

/**
 * The nvidia requirements of the extra `and-cuda` in TensorFlow's METADATA.
 *
 * @returns for example `nvidia-cublas-cu12<13.0,>=12.5.3.2`
 */
export function nvidiaRequirements(metadata: string): string[] {
  return metadata.split(/\r?\n/).flatMap((line) => {
    const [name = '', marker = ''] = line.replace(/^Requires-Dist:/, '').split(';', 2);
    const isForCuda = name !== line && /\bextra\s*==\s*['"]and-cuda['"]/.test(marker);
    const requirement = isForCuda && /^\s*nvidia-/.test(name) ? name.replace(/[\s()]/g, '') : null;
    // The CUDA compiler is not a library; only XLA uses it.
    return requirement && !requirement.startsWith('nvidia-cuda-nvcc') ? [requirement] : [];
  });
}

/** The project of a requirement. */
export function requiredProject(requirement: string): string {
  return normalName(/^[\w.-]*\w/.exec(requirement)?.[0] ?? requirement);
}

/** Normalises a project name. */
export function normalName(project: string): string {
  return project.toLowerCase().replace(/[-_.]+/g, '-');
}

/** Parses RECORD: the SHA-256 of each file in URL-safe base64, by its path in the wheel. */
export function parseRecord(record: string): Map<string, string> {
  return new Map(
    [...record.matchAll(/^"?(.+?)"?,sha256=([\w-]+)=*,\d*\r?$/gm)].map(([, path = '', digest = '']) => [
      path,
      digest,
    ]),
  );
}
