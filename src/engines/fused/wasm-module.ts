/** @file Chooses the WebAssembly kernel: the one with fused multiply-adds if this machine fuses them, else the other. */

import { setFlagsFromString } from 'node:v8';
import { UserError } from '../../errors.js';
import { CANONICAL, UNFUSED } from '../arithmetic.js';
import { readPrebuilt } from './prebuilt.js';

/** A compiled WebAssembly kernel. */
export interface WasmModule {
  readonly module: WebAssembly.Module;
  readonly arithmetic: typeof CANONICAL | typeof UNFUSED;
  /** Its file name and the first digits of its SHA-256. */
  readonly build: string;
}

/** Size of a memory page in bytes. */
export const PAGE = 65_536;
const MAX_PAGES = 65_535;
/** Maximum size of the kernel's memory in bytes. */
export const WASM_BYTES = PAGE * MAX_PAGES;

/** Node 20 needs a flag for relaxed SIMD; later versions do not have the flag. */
const NEEDS_FLAG = process.versions.node.startsWith('20.');

let loaded: WasmModule | undefined;

/**
 * The kernel for this machine. It is compiled once per process.
 *
 * @throws {UserError} E_BACKEND if it cannot be compiled, or there is not enough memory
 */
export function loadModule(): WasmModule {
  loaded ??= chooseModule();
  return loaded;
}

function chooseModule(): WasmModule {
  try {
    const fused = readModule(CANONICAL);
    if (fuses(fused)) return fused;
  } catch (error) {
    if (error instanceof UserError) throw error; // other errors: no relaxed SIMD
  }
  try {
    return readModule(UNFUSED);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      'E_BACKEND',
      `The wasm backend needs WebAssembly SIMD, which this machine does not support: ${(error as Error).message}.`,
      { hint: 'Use `--backend js` (slow).', cause: error },
    );
  }
}

/** Whether this machine rounds a relaxed multiply-add once, that is, fuses it. */
function fuses({ module }: WasmModule): boolean {
  return (instantiate(module).wnlstm_fuses as () => number)() === 1;
}

function instantiate(module: WebAssembly.Module): Record<string, unknown> {
  return new WebAssembly.Instance(module, { env: { memory: createMemory() } }).exports;
}

/**
 * Allocates the memory that the kernel's threads share.
 *
 * @throws {UserError} E_BACKEND if the system refuses
 */
export function createMemory(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 4, maximum: MAX_PAGES, shared: true });
  } catch (error) {
    throw new UserError(
      'E_BACKEND',
      `The wasm backend could not reserve 4 GiB of address space: ${(error as Error).message}.`,
      { hint: 'Raise the limit (`ulimit -v unlimited`), or use `--backend native`.', cause: error },
    );
  }
}

/** Compiles the kernel of an arithmetic, even if this machine would choose the other one. */
export function readModule(arithmetic: WasmModule['arithmetic']): WasmModule {
  const { bytes, build } = readPrebuilt(arithmetic === CANONICAL ? 'fused.wasm' : 'unfused.wasm');
  return { module: compile(bytes), arithmetic, build };
}

function compile(bytes: Uint8Array): WebAssembly.Module {
  if (NEEDS_FLAG) setFlagsFromString('--experimental-wasm-relaxed-simd');
  return new WebAssembly.Module(bytes);
}
