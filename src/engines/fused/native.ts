/** @file The kernel as native code, called through koffi. */

import { arch } from 'node:os';
import koffi, { type LibraryHandle } from 'koffi';
import { UserError } from '../../errors.js';
import { ARITHMETIC } from '../arithmetic.js';
import { type Kernel, vectorName } from './kernel.js';

/** At least sizeof(struct net) in kernel/net.h. */
const STRUCT_BYTES = 512;

/** Networks with threads of their own: their memory must not be collected before these have ended. */
const running = new Set<Uint8Array>();

/**
 * Loads a library with a kernel in it.
 *
 * @throws {UserError} E_BACKEND if it does not load, or is no kernel of this version
 */
export function loadLibrary(path: string): LibraryHandle {
  let version: number;
  let library: LibraryHandle;
  try {
    library = koffi.load(path);
    version = library.func('int wnlstm_arithmetic(void)')();
  } catch (error) {
    const reason = (error as Error).message.replace(/\.$/, '');
    throw new UserError('E_BACKEND', `Could not load the kernel ${path}: ${reason}.`, {
      hint: 'Use `--backend wasm`, which loads no library.',
      cause: error,
    });
  }
  if (version === ARITHMETIC) return library;
  throw new UserError('E_BACKEND', `${path} computes with arithmetic ${version}, expected ${ARITHMETIC}.`, {
    hint: 'It was built from the source of another version of wnlstm; build it again.',
  });
}

/** What this CPU can run, as kernel/cpu.c has it; only libraries for x86-64 can say. */
export function cpuLevel(library: LibraryHandle): number {
  return library.func('int wnlstm_cpu_level(void)')();
}

/** Makes a kernel of a loaded library. */
export function createNativeKernel(library: LibraryHandle): Kernel {
  const bytes = library.func('double wnlstm_bytes(const uint8_t *net)');
  const startThreads = library.func('void wnlstm_start(uint8_t *net)');
  const stopThreads = library.func('void wnlstm_stop(uint8_t *net)');
  const vectorWidth: number = library.func('int wnlstm_vector_width(void)')();
  return {
    name: `native ${vectorName(vectorWidth, arch())}`,
    spins: 1000,
    allocate: (header, arrays) => {
      const head = aligned(STRUCT_BYTES); // as the kernel expects of a struct net
      head.set(header);
      const net = aligned(bytes(head));
      net.set(header);
      return { net, arrays: [...arrays] };
    },
    offset: library.func('double wnlstm_offset(const uint8_t *net, int lstm, int slot)'),
    stride: library.func('int wnlstm_stride(const uint8_t *net, int lstm)'),
    start: async (net) => {
      running.add(net);
      startThreads(net);
    },
    stop: (net) => {
      stopThreads(net);
      running.delete(net);
    },
    refresh: library.func('void wnlstm_refresh(uint8_t *net)'),
    step: library.func(
      'void wnlstm_step(uint8_t *net, const uint8_t *images, const uint8_t *labels, const uint8_t *indices, float rate)',
    ),
    evaluate: library.func(
      'void wnlstm_evaluate(uint8_t *net, const uint8_t *images, const uint8_t *labels, int count)',
    ),
    peak: library.func('double wnlstm_peak(uint8_t *net, int rounds)'),
    nonlinearities: library.func(
      'void wnlstm_nonlinearities(const uint8_t *x, uint8_t *sigmoids, uint8_t *tangents, int count)',
    ),
  };
}

/** Zeroed bytes that start at a multiple of 64, as vectors like them. */
function aligned(bytes: number): Uint8Array {
  let buffer: ArrayBuffer;
  try {
    buffer = new ArrayBuffer(bytes + 64);
  } catch (error) {
    throw new UserError(
      'E_BACKEND',
      `Could not allocate ${(bytes / 2 ** 30).toFixed(1)} GiB for this network: ${(error as Error).message}.`,
      {
        hint: 'Choose fewer --units, or smaller images.',
        cause: error,
      },
    );
  }
  const start = (64 - Number(koffi.address(new Uint8Array(buffer)) % 64n)) % 64;
  return new Uint8Array(buffer, start, bytes);
}
