/** @file The CUDA libraries that TensorFlow opens: their paths in an installation, and their versions. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';

/** In dependency order. These open the other files under nvidia/. */
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

/** The versions that the CUDA and cuDNN libraries report. A library that does not load is omitted. */
export function cudaVersions(directory: string): Record<string, string> {
  const cuda = query(directory, 'libcudart', (library) => {
    const result = Int32Array.of(0);
    library.func('int cudaRuntimeGetVersion(int *version)')(result);
    const [version = 0] = result;
    return version;
  });
  const cudnn = query(directory, 'libcudnn', (library) =>
    Number(library.func('size_t cudnnGetVersion(void)')()),
  );
  return {
    ...(cuda && { cuda: `${Math.floor(cuda / 1000)}.${Math.floor((cuda % 1000) / 10)}` }), // 12090 is 12.9
    ...(cudnn && {
      cudnn: `${Math.floor(cudnn / 10_000)}.${Math.floor((cudnn % 10_000) / 100)}.${cudnn % 100}`, // 91900 is 9.19.0
    }),
  };
}

/** Asks one library for a number; null if the library is missing or does not load. */
function query(directory: string, name: string, question: (library: LibraryHandle) => number): number | null {
  const path = cudaLibraries(directory).find((each) => stem(each).endsWith(name));
  try {
    return path === undefined ? null : question(koffi.load(path));
  } catch {
    return null; // TensorFlow then finds no GPU and reports that
  }
}

function stem(file: string): string {
  return file.slice(0, file.indexOf('.so'));
}

/**
 * The CUDA libraries to open, in order: paths under nvidia/, or names for the system's loader if a library is not there.
 *
 * @param directory folder of an installation
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
