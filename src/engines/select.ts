/** @file From a backend's name, or `auto`, to a ready engine. */
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import type { Engine, EngineInput } from './engine.js';
import { compileKernel } from './fused/compile.js';
import type { Kernel } from './fused/kernel.js';

export type Backend = Exclude<Config['backend'], 'auto'>;

/** A backend that will work here. */
export interface Choice {
  readonly backend: Backend;
  readonly device: 'cpu';
  /** Which build of the kernel; runs of one build give the same bytes. */
  readonly build: string;
  /** One line on why it was chosen; null if it was asked for. */
  readonly why: string | null;
}

const choices: Record<Backend, () => Promise<Omit<Choice, 'why'>>> = {
  native: async () => ({ backend: 'native', device: 'cpu', build: compileKernel().build }),
  wasm: async () => ({
    backend: 'wasm',
    device: 'cpu',
    build: (await import('./fused/wasm.js')).wasmBuild(),
  }),
  js: async () => ({ backend: 'js', device: 'cpu', build: 'tfjs' }),
};

/**
 * Decides what computes, before anything is started.
 *
 * @throws {UserError} E_BACKEND if the backend asked for does not work here
 */
export const chooseBackend = async ({ backend }: Pick<Config, 'backend'>): Promise<Choice> => {
  if (backend !== 'auto') return { ...(await choices[backend]()), why: null };
  try {
    return { ...(await choices.native()), why: 'a C compiler is here' };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...(await choices.wasm()), why: `native does not work here: ${error.message}` };
  }
};

/** Loads the kernel of a fused backend. */
export const createKernel = async (backend: 'native' | 'wasm'): Promise<Kernel> =>
  backend === 'native'
    ? (await import('./fused/native.js')).createNativeKernel()
    : (await import('./fused/wasm.js')).createWasmKernel();

/** Makes the engine of a backend that was chosen before. Loads only what that backend needs. */
export const createEngine = async (backend: Backend, input: EngineInput): Promise<Engine> => {
  switch (backend) {
    case 'native':
    case 'wasm':
      return (await import('./fused/engine.js')).createFusedEngine(await createKernel(backend), input);
    case 'js':
      return (await import('./autodiff/engine.js')).createJsEngine(input);
    default:
      return backend satisfies never;
  }
};
