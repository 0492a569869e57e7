/** @file Chooses the backend that computes a run, and creates its engine. */

import type { Backend, Config, Device, ResolvedConfig } from '../config.js';
import { UserError } from '../errors.js';
import { CANONICAL, isExact } from './arithmetic.js';
import { checkState, type Engine, type EngineInput } from './engine.js';
import type { Kernel } from './fused/kernel.js';
import type { RecurrenceName } from './tensorflow/probe.js';

/** A backend that works on this machine. */
export interface Choice {
  readonly backend: Backend;
  readonly device: Device;
  /** The arithmetic that the results depend on, besides config and data; see arithmetic.ts. */
  readonly arithmetic: string;
  /** The build of the kernel or library; for information only. */
  readonly build: string;
  /** Why `auto` chose it, as part of a sentence; null if the user named it. */
  readonly why: string | null;
}

/** A backend and a device, each named or automatic. */
export type Requested = Pick<Config, 'backend' | 'device'>;

/** The device of each backend that has only one. */
const ONLY_DEVICE: Partial<Record<Backend, Device>> = { native: 'cpu', wasm: 'cpu', js: 'cpu', cuda: 'cuda' };

/** Checks that a backend works on this machine, and describes it; throws E_BACKEND otherwise. */
const CHECK: Record<Backend, (device: Config['device']) => Promise<Omit<Choice, 'why'>>> = {
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
  cuda: async () => {
    const { openCuda } = await import('./cuda/check.js');
    return { backend: 'cuda', device: 'cuda', arithmetic: CANONICAL, build: (await openCuda()).build };
  },
  tensorflow: async (requested) => {
    const { chooseInstallation } = await import('../tensorflow/install/choose.js');
    const device = requested === 'auto' ? 'cuda' : requested;
    const { manifest } = chooseInstallation(device);
    return {
      backend: 'tensorflow',
      device,
      arithmetic: tensorflowArithmetic(device),
      build: `tensorflow-${manifest.version}-${manifest.variant}`,
    };
  },
  js: async () => ({ backend: 'js', device: 'cpu', arithmetic: 'js', build: 'tfjs' }),
};

/**
 * Chooses the backend of a new run: the one that the config names, or for `auto` the fastest that works.
 *
 * @throws {UserError} E_BACKEND if the named backend or device does not work on this machine
 */
export async function chooseBackend({ backend, device }: Requested): Promise<Choice> {
  if (backend === 'auto') return chooseAuto(device);
  checkDevice(backend, device);
  return { ...(await CHECK[backend](device)), why: null };
}

function checkDevice(backend: Backend, device: Config['device']): void {
  const only = ONLY_DEVICE[backend];
  if (only === undefined || device === 'auto' || device === only) return;
  const computesOn = only === 'cpu' ? 'the CPU' : 'a GPU';
  throw new UserError(
    'E_BACKEND',
    `The ${backend} backend computes on ${computesOn}, but the device is ${device}.`,
    {
      hint:
        device === 'cuda'
          ? 'Use `--backend cuda` to compute on a GPU.'
          : 'Use `--backend native` to compute on the CPU.',
    },
  );
}

/** Chooses the fastest backend with the canonical arithmetic, or the one for a device. */
async function chooseAuto(device: Config['device']): Promise<Choice> {
  let unusable = '';
  if (device !== 'cpu') {
    try {
      return { ...(await CHECK.cuda(device)), why: 'an NVIDIA GPU is available' };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (device === 'cuda') return chooseTensorFlow(error);
      const { NoGpuError } = await import('./cuda/errors.js');
      if (!(error instanceof NoGpuError)) unusable = `; not cuda: ${reasonOf(error)}`;
    }
  }
  try {
    return { ...(await CHECK.native(device)), why: `a native kernel for this CPU is available${unusable}` };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...(await CHECK.wasm(device)), why: `no native kernel: ${reasonOf(error)}${unusable}` };
  }
}

/**
 * TensorFlow on a GPU.
 *
 * @param unusable why the cuda backend does not work, which is the error if TensorFlow does not work either
 */
async function chooseTensorFlow(unusable: UserError): Promise<Choice> {
  const why = `TensorFlow and a GPU are available; not cuda: ${reasonOf(unusable)}`;
  try {
    return { ...(await CHECK.tensorflow('cuda')), why };
  } catch (error) {
    throw error instanceof UserError ? unusable : error;
  }
}

function reasonOf({ message }: UserError): string {
  return message.replace(/\.$/, '');
}

/**
 * The backend of a run on another machine, whose GPU cannot be checked here.
 *
 * @returns null unless the config names a backend and a device with a GPU, or the tensorflow backend and a device, which decide
 *   the arithmetic
 */
export function chooseUnchecked({ backend, device }: Requested): Choice | null {
  if (backend === 'cuda' && device !== 'cpu') {
    return { backend, device: 'cuda', arithmetic: CANONICAL, build: 'unknown', why: null };
  }
  if (backend !== 'tensorflow' || device === 'auto') return null;
  return { backend, device, arithmetic: tensorflowArithmetic(device), build: 'unknown', why: null };
}

function tensorflowArithmetic(device: Device): string {
  return `tensorflow-${device}`;
}

/**
 * Chooses the backend that continues a run, which may have started on another machine: the run's own. If native, wasm or cuda
 * does not work here, it is another of the three. The caller must compare the arithmetic.
 *
 * @throws {UserError} E_BACKEND if none of them works on this machine
 */
export async function chooseToContinue(config: ResolvedConfig): Promise<Choice> {
  try {
    return await chooseBackend(config);
  } catch (error) {
    if (!(error instanceof UserError) || !isExact(config.backend)) throw error;
    return chooseBackend({ backend: 'auto', device: 'auto' });
  }
}

/** The config with the backend and device that were chosen. */
export function withChoice(config: Config, { backend, device }: Choice): ResolvedConfig {
  return { ...config, backend, device };
}

/**
 * Creates the engine of a chosen backend. Loads only the code that this backend needs.
 *
 * @param recurrence forces an implementation of the LSTM in the tensorflow backend, for tests
 */
export async function createEngine(
  backend: Backend,
  input: EngineInput,
  device: Device = 'cpu',
  recurrence?: RecurrenceName,
): Promise<Engine> {
  const engine = await createWithoutStateCheck(backend, device, input, recurrence);
  return {
    ...engine,
    load: (state) => {
      checkState(engine.save(), state);
      engine.load(state);
    },
  };
}

async function createWithoutStateCheck(
  backend: Backend,
  device: Device,
  input: EngineInput,
  recurrence?: RecurrenceName,
): Promise<Engine> {
  switch (backend) {
    case 'native':
    case 'wasm':
      return (await import('./fused/engine.js')).createFusedEngine(await createKernel(backend), input);
    case 'cuda': {
      const [{ openDevice }, { createCudaEngine }] = await Promise.all([
        import('./cuda/device.js'),
        import('./cuda/engine.js'),
      ]);
      return createCudaEngine(openDevice(), input);
    }
    case 'tensorflow': {
      const [{ chooseInstallation }, { createTensorFlowEngine }] = await Promise.all([
        import('../tensorflow/install/choose.js'),
        import('./tensorflow/engine.js'),
      ]);
      const { directory } = chooseInstallation(device);
      return createTensorFlowEngine(input, { directory, device, ...(recurrence && { recurrence }) });
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
