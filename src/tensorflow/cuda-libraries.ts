/** @file CUDA's libraries as TensorFlow opens them by name: where they lie in an installation, and their versions. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';

/** Each after those that it needs; the other files under nvidia/ are opened by these. */
const NAMES = [
  'libcudart.so.12',
  'libnvJitLink.so.12',
  'libnvrtc.so.12',
  'libcublasLt.so.12',
  'libcublas.so.12',
  'libcufft.so.11',
  'libcurand.so.10',
  'libcusparse.so.12',
  'libcusolver.so.11',
  'libcudnn.so.9',
  'libnccl.so.2',
  'libcupti.so.12',
] as const;

/** Versions of CUDA and cuDNN as the libraries themselves say; only of those that load. */
export function cudaVersions(directory: string): Record<string, string> {
  const cuda = ask(directory, 'libcudart', (library) => {
    const version = Int32Array.of(0);
    library.func('int cudaRuntimeGetVersion(int *version)')(version);
    return version[0];
  });
  const cudnn = ask(directory, 'libcudnn', (library) =>
    Number(library.func('size_t cudnnGetVersion(void)')()),
  );
  return {
    ...(cuda && { cuda: `${Math.floor(cuda / 1000)}.${Math.floor((cuda % 1000) / 10)}` }), // 12090 is 12.9
    ...(cudnn && {
      cudnn: `${Math.floor(cudnn / 10_000)}.${Math.floor((cudnn % 10_000) / 100)}.${cudnn % 100}`, // 91900 is 9.19.0
    }),
  };
}

/** Asks one library for a number; null if it is not there. */
function ask(directory: string, name: string, question: (library: LibraryHandle) => number): number | null {
  const path = cudaLibraries(directory).find((each) => stem(each).endsWith(name));
  try {
    return path === undefined ? null : question(koffi.load(path));
  } catch {
    return null; // it does not load: then TensorFlow has found no GPU either, and says so itself
  }
}

function stem(file: string): string {
  return file.slice(0, file.indexOf('.so'));
}

/**
 * What to open, in order: paths under nvidia/, and names for the system's loader where a library is not there.
 *
 * @param directory of an installation
 */
export function cudaLibraries(directory: string): string[] {
  const root = join(directory, 'nvidia');
  const files = existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }) : [];
  const places = new Map(
    files
      .filter((file) => /\.so(\.\d+)*$/.test(file))
      .map((file) => [stem(file.split('/').at(-1) ?? ''), file]),
  );
  return NAMES.map((name) => {
    const file = places.get(stem(name));
    return file === undefined ? name : join(root, file);
  });
}
