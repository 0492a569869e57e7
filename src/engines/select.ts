/** @file From a backend's name, or `auto`, to a ready engine. */

import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { CANONICAL } from './arithmetic.js';
import { checkState, type Engine, type EngineInput } from './engine.js';
import type { Kernel } from './fused/kernel.js';
import type { RecurrenceName } from './tensorflow/probe.js';

/** What can compute. */
export type Backend = Exclude<Config['backend'], 'auto'>;

/** A backend that will work here. */
export interface Choice {
  readonly backend: Backend;
  readonly device: 'cpu' | 'cuda';
  /** What results depend on besides config and data; see arithmetic.ts. */
  readonly arithmetic: string;
  /** Which build of the kernel or library; information only. */
  readonly build: string;
  /** One line on why it was chosen; null if it was asked for. */
  readonly why: string | null;
}

type Wanted = Pick<Config, 'backend' | 'device'>;

const choices: Record<Backend, (device: Config['device']) => Promise<Omit<Choice, 'why'>>> = {
  native: async () => ({
    backend: 'native',
    device: 'cpu',
    arithmetic: CANONICAL,
    build: (await (await import('./fused/choose-native.js')).openNative()).build,
  }),
  wasm: async () => {
    const { arithmetic, build } = (await import('./fused/wasm-module.js')).loadModule();
    return { backend: 'wasm', device: 'cpu', arithmetic, build };
  },
  tensorflow: async (wanted) => {
    const { chooseInstallation } = await import('../tensorflow/install/choose.js');
    const device = wanted === 'auto' ? 'cuda' : wanted;
    const { manifest } = chooseInstallation(device);
    return {
      backend: 'tensorflow',
      device,
      arithmetic: `tensorflow-${device}`,
      build: `tensorflow-${manifest.version}-${manifest.variant}`,
    };
  },
  js: async () => ({ backend: 'js', device: 'cpu', arithmetic: 'js', build: 'tfjs' }),
};

/**
 * How a run that was begun, perhaps on another machine, is continued here: on its own backend, or, if that is native or
 * wasm and does not work here, on the other of the two, which computes the same bytes.
 *
 * @throws {UserError} E_BACKEND if neither works
 */
export async function continuable<Run extends Wanted>(begun: Run): Promise<Run> {
  try {
    await chooseBackend(begun);
    return begun;
  } catch (error) {
    if (!(error instanceof UserError) || (begun.backend !== 'native' && begun.backend !== 'wasm'))
      throw error;
    return { ...begun, backend: 'auto', device: 'cpu' };
  }
}

/**
 * Decides what computes, before anything is started.
 *
 * @throws {UserError} E_BACKEND if the backend asked for does not work here
 */
export async function chooseBackend({ backend, device }: Wanted): Promise<Choice> {
  if (device === 'cuda' && backend !== 'auto' && backend !== 'tensorflow') {
    throw new UserError('E_BACKEND', `Expected --device cpu for the ${backend} backend, got cuda.`, {
      hint: 'Only the tensorflow backend computes on a GPU: `--backend tensorflow`.',
    });
  }
  if (backend !== 'auto') return { ...(await choices[backend](device)), why: null };
  const reasons: string[] = [];
  const candidates: [Backend, string][] = [
    ...(device === 'cpu' ? [] : ([['tensorflow', 'TensorFlow and a GPU are here']] as [Backend, string][])),
    ...(device === 'cuda'
      ? []
      : ([['native', 'there is a native kernel for this CPU']] as [Backend, string][])),
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
}

/**
 * Makes the engine of a backend that was chosen before. Loads only what that backend needs.
 *
 * @param recurrence forces one on the tensorflow backend, for tests
 */
export async function createEngine(
  backend: Backend,
  input: EngineInput,
  device: Choice['device'] = 'cpu',
  recurrence?: RecurrenceName,
): Promise<Engine> {
  const engine = await makeEngine(backend, input, device, recurrence);
  return {
    ...engine,
    load: (state) => {
      checkState(engine.save(), state);
      engine.load(state);
    },
  };
}

async function makeEngine(
  backend: Backend,
  input: EngineInput,
  device: Choice['device'],
  recurrence?: RecurrenceName,
): Promise<Engine> {
  switch (backend) {
    case 'native':
    case 'wasm':
      return (await import('./fused/engine.js')).createFusedEngine(await createKernel(backend), input);
    case 'tensorflow': {
      const [{ chooseInstallation }, { createTensorFlowEngine }] = await Promise.all([
        import('../tensorflow/install/choose.js'),
        import('./tensorflow/engine.js'),
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
}

/** Loads the kernel of a fused backend. */
export async function createKernel(backend: 'native' | 'wasm'): Promise<Kernel> {
  if (backend === 'wasm') return (await import('./fused/wasm.js')).createWasmKernel();
  const [{ openNative }, { createNativeKernel }] = await Promise.all([
    import('./fused/choose-native.js'),
    import('./fused/native.js'),
  ]);
  return createNativeKernel((await openNative()).library);
}
