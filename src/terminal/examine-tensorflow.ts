/** @file The TensorFlow part of `wnlstm doctor`: checks the libraries, CUDA, the driver, the GPU, and a training step on each device. */

import { usableCores } from '../cores.js';
import { checkStep } from '../engines/tensorflow/check-step.js';
import { UserError } from '../errors.js';
import { driverVersion, gpuSupport } from '../tensorflow/gpu.js';
import { checkLibrary } from '../tensorflow/install/check-library.js';
import {
  builtFor,
  type Installation,
  listBroken,
  listInstallations,
} from '../tensorflow/install/installation.js';
import { megabytes } from './format.js';

/** The result of one check. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** What was found or, if the check failed, the reason. */
  readonly detail: string;
  readonly hint?: string;
}

/** The check of a GPU for TensorFlow; the cuda backend has its own. */
const GPU = 'tensorflow GPU';

/** The limit of what has been tested so far. */
const GPU_PATH: Finding = {
  name: 'tensorflow on GPUs',
  ok: false,
  detail: 'tested on the CPU only; training has not been tested on a GPU yet',
};

/** Checks the tensorflow backend; a single finding if TensorFlow is not installed. */
export async function examineTensorFlow(signal: AbortSignal): Promise<Finding[]> {
  let installed: Installation[] = [];
  const cache = await examine('tensorflow', () => {
    installed = listInstallations();
    return 'readable';
  });
  if (!cache.ok) return [cache];
  const findings = await examineBroken();
  const variant = (name: 'cpu' | 'cuda') => installed.find(({ manifest }) => manifest.variant === name);
  const [cpu, cuda] = [variant('cpu') ?? installed[0], variant('cuda')];
  if (!cpu) {
    const absent = (): never =>
      fail('not installed (optional).', 'Install it with `wnlstm setup tensorflow`.');
    return findings.length > 0 ? findings : [await examine('tensorflow', absent)];
  }
  findings.push(...installed.map((each) => ({ name: 'tensorflow', ok: true, detail: describe(each) })));
  if (cuda) findings.push(...(await examineCuda(cuda, signal)));
  else findings.push(await examine(GPU, describeMissingCuda));
  findings.push(await examineStep(cpu, 'cpu', signal));
  if (cuda && findings.some(({ name, ok }) => name === GPU && ok)) {
    findings.push(await examineStep(cuda, 'cuda', signal));
  }
  return [...findings, GPU_PATH];
}

/** Reports installations with missing files. */
function examineBroken(): Promise<Finding[]> {
  return Promise.all(
    listBroken().map((each) =>
      examine('tensorflow', () => {
        const command = `wnlstm setup tensorflow --${each.manifest.variant} --version ${each.manifest.version}`;
        return fail(
          `${nameOf(each)} is incomplete: ${each.missing.join(', ')} in ${each.directory}.`,
          `Install it again with \`${command}\`.`,
        );
      }),
    ),
  );
}

function fail(message: string, hint: string): never {
  throw new UserError('E_BACKEND', message, { hint });
}

function nameOf({ manifest }: Installation): string {
  return `${manifest.version}-${manifest.variant}`;
}

/** The name, size and folder of an installation. */
function describe(installation: Installation): string {
  const bytes = Object.values(installation.manifest.files).reduce((sum, each) => sum + each, 0);
  return `${nameOf(installation)}, ${megabytes(bytes)}, ${installation.directory}`;
}

/** Checks CUDA's libraries, the driver, and the GPUs that TensorFlow can use. */
async function examineCuda(installation: Installation, signal: AbortSignal): Promise<Finding[]> {
  const { directory } = installation;
  const again = `\`wnlstm setup --remove ${nameOf(installation)}\`, then \`wnlstm setup tensorflow --cuda\``;
  const report = checkLibrary({ directory, cuda: true }, signal);
  const libraries = await examine('CUDA libraries', async () => {
    const { failed, cudaVersions } = await report;
    return failed.length === 0
      ? `${versionsOf(cudaVersions)}; all libraries load`
      : fail(`some libraries do not load: ${failed.join('; ')}.`, `Install them again: ${again}.`);
  });
  const driver = await examine(
    'NVIDIA driver',
    () =>
      driverVersion() ??
      fail(
        'none found (there is no /proc/driver/nvidia/version).',
        "To use a GPU, install NVIDIA's driver. The CPU works without it.",
      ),
  );
  if (!driver.ok || !libraries.ok) return [libraries, driver];
  const gpu = await examine(GPU, async () => {
    const { gpus, usableGpus } = await report;
    const built = builtFor(directory);
    const described = gpus.map(({ name, computeCapability }) => {
      const support = built && gpuSupport(computeCapability, built);
      const how = { built: '', compiled: ', compiles its code at the first start', none: ', too old' };
      return `${name}, compute capability ${computeCapability}${support ? how[support] : ''}`;
    });
    const found = `${described.join('; ') || 'no GPU visible to this process'}${built ? ` (built for ${built.join(' ')})` : ''}`;
    return usableGpus > 0
      ? found
      : fail(
          `TensorFlow cannot use a GPU: ${found}.`,
          'Run `nvidia-smi`. The driver must be version 525 or newer, and CUDA_VISIBLE_DEVICES must not hide the GPU.',
        );
  });
  return [libraries, driver, gpu];
}

function versionsOf(versions: Readonly<Record<string, string>>): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name === 'cuda' ? 'CUDA' : 'cuDNN'} ${version}`)
    .join(', ');
}

/** Explains why no GPU is used if TensorFlow is installed without CUDA. */
function describeMissingCuda(): never {
  return driverVersion() === null
    ? fail(
        'no NVIDIA driver, and TensorFlow is installed without CUDA.',
        'To use TensorFlow on a GPU, install its driver, then run `wnlstm setup tensorflow --cuda`. The cuda backend needs only the driver.',
      )
    : fail(
        'there is an NVIDIA driver, but TensorFlow is installed without CUDA.',
        'To use TensorFlow on a GPU, run `wnlstm setup tensorflow --cuda`. The cuda backend does not need it.',
      );
}

/** Runs one training step on a device, in a separate process. */
function examineStep(
  { directory }: Installation,
  device: 'cpu' | 'cuda',
  signal: AbortSignal,
): Promise<Finding> {
  return examine(`tensorflow on ${device}`, async () => {
    const report = await checkStep({ directory, device, threads: usableCores() }, signal);
    return report.device;
  });
}

/** Runs one check; an error that it throws becomes the reason why it failed. */
export async function examine(name: string, check: () => string | Promise<string>): Promise<Finding> {
  try {
    return { name, ok: true, detail: await check() };
  } catch (error) {
    if (error instanceof UserError) return { name, ok: false, detail: error.message, hint: error.hint };
    return { name, ok: false, detail: String(error) };
  }
}
