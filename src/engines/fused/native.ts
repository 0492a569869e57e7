/** @file The native kernel, called through koffi. */

import { arch } from 'node:os';
import koffi, { type LibraryHandle } from 'koffi';
import { UserError } from '../../errors.js';
import { ARITHMETIC } from '../arithmetic.js';
import { initArguments, type Kernel, vectorName } from './kernel.js';

/** Iterations before a waiting thread sleeps: some tens of microseconds. */
const SPINS = 1000;

/** Networks whose threads run. Referenced here so that their memory is not garbage-collected while threads use it. */
const running = new Set<Uint8Array>();

/**
 * Loads a kernel library.
 *
 * @throws {UserError} E_BACKEND if it does not load, or is not a kernel of this version
 */
export function loadLibrary(path: string): LibraryHandle {
  let version: number;
  let library: LibraryHandle;
  try {
    library = koffi.load(path);
    version = library.func('int wnlstm_arithmetic(void)')();
  } catch (error) {
    const reason = (error as Error).message.replace(/\.$/, '');
    throw new UserError('E_BACKEND', `Could not load the native kernel ${path}: ${reason}.`, {
      hint: 'Use `--backend wasm`, which needs no native library.',
      cause: error,
    });
  }
  if (version === ARITHMETIC) return library;
  throw new UserError(
    'E_BACKEND',
    `Expected a kernel of arithmetic ${ARITHMETIC}, got ${version} in ${path}.`,
    {
      hint: 'The kernel was built from another version of wnlstm. Build it again.',
    },
  );
}

/** The level of this CPU: 0, 1 for AVX2, 2 for AVX-512; see kernel/cpu.c. Only x86-64 libraries have this function. */
export function cpuLevel(library: LibraryHandle): number {
  return library.func('int wnlstm_cpu_level(void)')();
}

/** Makes a kernel from a loaded library. */
export function createNativeKernel(library: LibraryHandle): Kernel {
  const init = library.func(
    'void wnlstm_init(uint8_t *net, int units, int inputs, int classes, int batch, int steps, int weight_norm, int adam, ' +
      'int clip_mode, float clip, float forget_bias, int threads, int spins, int phases)',
  );
  const headerBytes: number = library.func('int wnlstm_header_bytes(void)')();
  const bytes = library.func('double wnlstm_bytes(const uint8_t *net)');
  const startThreads = library.func('void wnlstm_start(uint8_t *net)');
  const stopThreads = library.func('void wnlstm_stop(uint8_t *net)');
  const vectorWidth: number = library.func('int wnlstm_vector_width(void)')();
  return {
    name: `native ${vectorName(vectorWidth, arch())}`,
    metricsOffset: library.func('int wnlstm_metrics_offset(void)')(),
    evaluationOffset: library.func('int wnlstm_evaluation_offset(void)')(),
    allocate: (options, arrays) => {
      const header = alignedBytes(headerBytes);
      init(header, ...initArguments(options, SPINS));
      const net = alignedBytes(bytes(header));
      net.set(header);
      return { net, arrays };
    },
    offset: library.func('double wnlstm_offset(const uint8_t *net, int lstm, int buffer)'),
    stride: library.func('int wnlstm_stride(const uint8_t *net, int lstm)'),
    start: async (net) => {
      running.add(net);
      startThreads(net);
    },
    threads: library.func('int wnlstm_threads(const uint8_t *net)'),
    stop: (net) => {
      stopThreads(net);
      running.delete(net);
    },
    packWeights: library.func('void wnlstm_pack_weights(uint8_t *net)'),
    step: library.func(
      'void wnlstm_step(uint8_t *net, const uint8_t *images, const uint8_t *labels, const uint8_t *indices, float step_size)',
    ),
    evaluate: library.func(
      'void wnlstm_evaluate(uint8_t *net, const uint8_t *images, const uint8_t *labels, int count)',
    ),
    peak: library.func('double wnlstm_peak(uint8_t *net, int rounds)'),
    nonlinearities: library.func(
      'void wnlstm_nonlinearities(const uint8_t *x, uint8_t *sigmoids, uint8_t *tanhs, int count)',
    ),
  };
}

/** Zeroed bytes that start at a multiple of 64, the size of a cache line. */
function alignedBytes(bytes: number): Uint8Array {
  let buffer: ArrayBuffer;
  try {
    buffer = new ArrayBuffer(bytes + 64);
  } catch (error) {
    throw new UserError(
      'E_BACKEND',
      `Could not allocate ${(bytes / 2 ** 30).toFixed(1)} GiB for this network: ${(error as Error).message}.`,
      {
        hint: 'Reduce --units, or use smaller images.',
        cause: error,
      },
    );
  }
  const start = (64 - Number(koffi.address(new Uint8Array(buffer)) % 64n)) % 64;
  return new Uint8Array(buffer, start, bytes);
}
