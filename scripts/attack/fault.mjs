// Compiles fault.c and sets up its environment variables. fault.c describes what the library does.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('fault.c', import.meta.url));

/**
 * @typedef {object} Fault
 * @property {string} path  only operations on paths that contain this text are counted
 * @property {string} how   the effect; see fault.c
 * @property {number} [at]  the number of the operation that it affects, from 1
 * @property {string} [only]  only operations with this name are counted
 * @property {number} [errno]
 * @property {string} [log]
 */

/**
 * The reason why no faults can be injected on this machine, for a skipped test; false if they can.
 *
 * @returns {string | false}
 */
export const cannotInject = () => {
  if (process.platform !== 'linux') return 'needs LD_PRELOAD of Linux';
  if (!process.report.getReport().header.glibcVersionRuntime) return 'needs glibc';
  return spawnSync('cc', ['--version']).status === 0 ? false : 'needs a C compiler (cc)';
};

/**
 * Compiles fault.c as a shared library.
 *
 * @param {string} folder the output folder
 * @returns {string} the path of the library
 */
export const buildFault = (folder) => {
  const library = join(folder, 'fault.so');
  const options = ['-O1', '-Wall', '-shared', '-fPIC', source, '-o', library, '-ldl'];
  const { status, stderr } = spawnSync('cc', options, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cc failed: ${stderr}`);
  return library;
};

/**
 * The environment variables that load the library into a new process and configure it.
 *
 * @param {string} library
 * @param {Fault | null} fault null: the library is loaded but inactive until `fault_arm` is called
 */
export const faultEnvironment = (library, fault) => ({
  LD_PRELOAD: library,
  UV_USE_IO_URING: '0', // io_uring does not go through the C library
  ...(fault && {
    WNLSTM_FAULT_PATH: fault.path,
    WNLSTM_FAULT_HOW: fault.how,
    WNLSTM_FAULT_AT: String(fault.at ?? 0),
    WNLSTM_FAULT_ONLY: fault.only ?? '',
    WNLSTM_FAULT_ERRNO: String(fault.errno ?? 0),
    WNLSTM_FAULT_LOG: fault.log ?? '',
  }),
});

/**
 * Parses the operations in a log of the library.
 *
 * @param {string} text
 * @returns {{ number: number, name: string, path: string }[]}
 */
export const parseLog = (text) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [number, name] = line.split(' ', 2);
      return { number: Number(number), name, path: line.slice(number.length + name.length + 2) };
    });
