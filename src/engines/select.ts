/** @file From a backend's name, or `auto`, to a ready engine. */
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import type { RecurrenceName } from './autodiff/tensorflow/probe.js';
import type { Engine, EngineInput } from './engine.js';
import type { Kernel } from './fused/kernel.js';

/** What can compute. */
export type Backend = Exclude<Config['backend'], 'auto'>;

/** A backend that will work here. */
export interface Choice {
  readonly backend: Backend;
  readonly device: 'cpu' | 'cuda';
  /** Which build of the kernel; runs of one build give the same bytes. */
  readonly build: string;
  /** One line on why it was chosen; null if it was asked for. */
  readonly why: string | null;
}

type Wanted = Pick<Config, 'backend' | 'device'>;

const choices: Record<Backend, (device: Config['device']) => Promise<Omit<Choice, 'why'>>> = {
  native: async () => ({
    backend: 'native',
    device: 'cpu',
    build: (await import('./fused/native.js')).loadKernel().build,
  }),
  wasm: async () => ({
    backend: 'wasm',
    device: 'cpu',
    build: (await import('./fused/wasm.js')).wasmBuild(),
  }),
  tensorflow: async (wanted) => {
    const { chooseInstallation } = await import('./autodiff/tensorflow/choose.js');
    const device = wanted === 'auto' ? 'cuda' : wanted;
    const { manifest } = chooseInstallation(device);
    return { backend: 'tensorflow', device, build: `tensorflow-${manifest.version}-${manifest.variant}` };
  },
  js: async () => ({ backend: 'js', device: 'cpu', build: 'tfjs' }),
};

/**
 * Decides what computes, before anything is started.
 *
 * @throws {UserError} E_BACKEND if the backend asked for does not work here
 */
export const chooseBackend = async ({ backend, device }: Wanted): Promise<Choice> => {
  if (device === 'cuda' && backend !== 'auto' && backend !== 'tensorflow') {
    throw new UserError('E_BACKEND', `Expected --device cpu for the ${backend} backend, got cuda.`, {
      hint: 'Only the tensorflow backend computes on a GPU: `--backend tensorflow`.',
    });
  }
  if (backend !== 'auto') return { ...(await choices[backend](device)), why: null };
  const reasons: string[] = [];
  const candidates: [Backend, string][] = [
    ...(device === 'cpu' ? [] : ([['tensorflow', 'TensorFlow and a GPU are here']] as [Backend, string][])),
    ...(device === 'cuda' ? [] : ([['native', 'a C compiler is here']] as [Backend, string][])),
  ];
  for (const [candidate, why] of candidates) {
    try {
      return { ...(await choices[candidate](device)), why };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (device === 'cuda') throw error;
      reasons.push(error.message);
    }
  }
  return { ...(await choices.wasm(device)), why: `native does not work here: ${reasons.at(-1)}` };
};

/** Loads the kernel of a fused backend. */
export const createKernel = async (backend: 'native' | 'wasm'): Promise<Kernel> =>
  backend === 'native'
    ? (await import('./fused/native.js')).createNativeKernel()
    : (await import('./fused/wasm.js')).createWasmKernel();

/**
 * Makes the engine of a backend that was chosen before. Loads only what that backend needs.
 *
 * @param recurrence forces one on the tensorflow backend, for tests
 */
export const createEngine = async (
  backend: Backend,
  input: EngineInput,
  device: Choice['device'] = 'cpu',
  recurrence?: RecurrenceName,
): Promise<Engine> => {
  switch (backend) {
    case 'native':
    case 'wasm':
      return (await import('./fused/engine.js')).createFusedEngine(await createKernel(backend), input);
    case 'tensorflow': {
      const [{ chooseInstallation }, { createTensorFlowEngine }] = await Promise.all([
        import('./autodiff/tensorflow/choose.js'),
        import('./autodiff/tensorflow/engine.js'),
      ]);
      return createTensorFlowEngine(input, {
        directory: chooseInstallation(device).directory,
        device,
        ...(recurrence && { recurrence }),
      });
    }
    case 'js':
      return (await import('./autodiff/engine.js')).createJsEngine(input);
    default:
      return backend satisfies never;
  }
};
