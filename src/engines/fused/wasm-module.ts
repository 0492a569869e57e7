/** @file Which of the two WebAssembly kernels this machine runs: the one with fused multiply-adds, where they are fused. */

import { setFlagsFromString } from 'node:v8';
import { UserError } from '../../errors.js';
import { CANONICAL, UNFUSED } from '../arithmetic.js';
import { readPrebuilt } from './files.js';

/** A compiled kernel. */
export interface WasmModule {
  readonly module: WebAssembly.Module;
  readonly arithmetic: typeof CANONICAL | typeof UNFUSED;
  /** Its file and the first digits of its SHA-256. */
  readonly build: string;
}

/** Bytes of a page of memory. */
export const PAGE = 65_536;
const MAX_PAGES = 65_535;
/** The most memory that the kernel can have. */
export const WASM_BYTES = PAGE * MAX_PAGES;

/** Node 20 has relaxed SIMD behind a flag that later versions do not know. */
const NEEDS_FLAG = process.versions.node.startsWith('20.');

let loaded: WasmModule | undefined;

/**
 * The kernel for this machine; compiled once.
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
    if (error instanceof UserError) throw error; // else this Node has no relaxed SIMD
  }
  try {
    return readModule(UNFUSED);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      'E_BACKEND',
      `The wasm backend needs WebAssembly with SIMD, and this machine has none: ${(error as Error).message}.`,
      { hint: 'Use `--backend js`, which is slow.', cause: error },
    );
  }
}

/** Whether this machine rounds a relaxed multiply-add once. */
function fuses({ module }: WasmModule): boolean {
  return (instantiate(module).wnlstm_fuses as () => number)() === 1;
}

function instantiate(module: WebAssembly.Module): Record<string, unknown> {
  return new WebAssembly.Instance(module, { env: { memory: createMemory() } }).exports;
}

/**
 * Memory that the kernel's threads share.
 *
 * @throws {UserError} E_BACKEND if the system does not give it
 */
export function createMemory(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 4, maximum: MAX_PAGES, shared: true });
  } catch (error) {
    throw new UserError(
      'E_BACKEND',
      `The wasm backend reserves 4 GiB of address space, and the system does not give it: ${(error as Error).message}.`,
      { hint: 'Raise the limit (`ulimit -v unlimited`), or use `--backend native`.', cause: error },
    );
  }
}

/** Compiles one of the two, whether or not it is the one for this machine. */
export function readModule(arithmetic: WasmModule['arithmetic']): WasmModule {
  const { bytes, build } = readPrebuilt(arithmetic === CANONICAL ? 'fused.wasm' : 'unfused.wasm');
  return { module: compile(bytes), arithmetic, build };
}

function compile(bytes: Uint8Array): WebAssembly.Module {
  if (NEEDS_FLAG) setFlagsFromString('--experimental-wasm-relaxed-simd');
  return new WebAssembly.Module(bytes);
}
