// Builds fault.c, and says how it is set up; see there for what it does.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('fault.c', import.meta.url));

/**
 * @typedef {object} Fault
 * @property {string} path  text in the paths of the operations that count
 * @property {string} how   what happens; see fault.c
 * @property {number} [at]  to which operation, from 1
 * @property {string} [only]  name of the operations that count
 * @property {number} [errno]
 * @property {string} [log]
 */

/**
 * Why no faults can be made here, as the reason of a skipped test; false if they can.
 *
 * @returns {string | false}
 */
export const cannotInject = () => {
  if (process.platform !== 'linux') return 'needs LD_PRELOAD of Linux';
  if (!process.report.getReport().header.glibcVersionRuntime) return 'needs glibc';
  return spawnSync('cc', ['--version']).status === 0 ? false : 'needs a C compiler (cc)';
};

/**
 * Compiles the library.
 *
 * @param {string} folder where it is put
 * @returns {string} its path
 */
export const buildFault = (folder) => {
  const library = join(folder, 'fault.so');
  const options = ['-O1', '-Wall', '-shared', '-fPIC', source, '-o', library, '-ldl'];
  const { status, stderr } = spawnSync('cc', options, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cc failed: ${stderr}`);
  return library;
};

/**
 * Variables that set up the library in a new process.
 *
 * @param {string} library
 * @param {Fault | null} fault null: it is loaded, and waits for `fault_arm`
 */
export const faultEnvironment = (library, fault) => ({
  LD_PRELOAD: library,
  UV_USE_IO_URING: '0', // its operations are no calls of the C library
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
 * Operations in a log of the library.
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
