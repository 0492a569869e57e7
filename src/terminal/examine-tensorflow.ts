/** @file What `wnlstm doctor` says of TensorFlow: its libraries, CUDA's, the driver, the GPU, and a step on each device. */

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

/** One thing looked at. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** What was found; if it is not ok, why, and what to do. */
  readonly detail: string;
  readonly hint?: string;
}

/** What nobody has verified yet, in one line. */
const GPU_PATH: Finding = {
  name: 'tensorflow on GPUs',
  ok: false,
  detail: 'verified on the CPU; the GPU path has not run on a GPU yet',
};

/** Everything about the tensorflow backend; a line if it is not set up. */
export async function examineTensorFlow(signal: AbortSignal): Promise<Finding[]> {
  let installed: Installation[] = [];
  const cache = await examine('tensorflow', () => {
    installed = listInstallations();
    return 'readable';
  });
  if (!cache.ok) return [cache];
  const findings = await examineBroken();
  const variant = (wanted: 'cpu' | 'cuda') => installed.find(({ manifest }) => manifest.variant === wanted);
  const [cpu, cuda] = [variant('cpu') ?? installed[0], variant('cuda')];
  if (!cpu) {
    const look = (): never => fail('not set up; it is optional.', 'Fetch it: `wnlstm setup tensorflow`.');
    return findings.length > 0 ? findings : [await examine('tensorflow', look)];
  }
  findings.push(...installed.map((each) => ({ name: 'tensorflow', ok: true, detail: describe(each) })));
  if (cuda) findings.push(...(await examineCuda(cuda, signal)));
  else findings.push(await examine('GPU', describeMissingCuda));
  findings.push(await examineStep(cpu, 'cpu', signal));
  if (cuda && findings.some(({ name, ok }) => name === 'GPU' && ok)) {
    findings.push(await examineStep(cuda, 'cuda', signal));
  }
  return [...findings, GPU_PATH];
}

/** Installations that lost files. */
function examineBroken(): Promise<Finding[]> {
  return Promise.all(
    listBroken().map((each) =>
      examine('tensorflow', () => {
        const command = `wnlstm setup tensorflow --${each.manifest.variant} --version ${each.manifest.version}`;
        return fail(
          `${nameOf(each)} is not whole: ${each.missing.join(', ')} of ${each.directory}.`,
          `Set it up again: \`${command}\`.`,
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

/** Where the libraries of an installation lie. */
function describe(installation: Installation): string {
  const bytes = Object.values(installation.manifest.files).reduce((sum, each) => sum + each, 0);
  return `${nameOf(installation)}, ${Math.round(bytes / 1e6).toLocaleString('en')} MB, ${installation.directory}`;
}

/** CUDA's libraries, and the GPUs that TensorFlow can use through them. */
async function examineCuda(installation: Installation, signal: AbortSignal): Promise<Finding[]> {
  const { directory } = installation;
  const again = `\`wnlstm setup --remove ${nameOf(installation)}\`, then \`wnlstm setup tensorflow --cuda\``;
  const report = checkLibrary({ directory, cuda: true }, signal);
  const libraries = await examine('CUDA libraries', async () => {
    const { failed, cudaVersions } = await report;
    return failed.length === 0
      ? `${versionsOf(cudaVersions)}; all of them load`
      : fail(`these do not load: ${failed.join('; ')}.`, `Fetch them again: ${again}.`);
  });
  const driver = await examine(
    'NVIDIA driver',
    () =>
      driverVersion() ??
      fail(
        'none (/proc/driver/nvidia/version is not there).',
        "For a GPU, install NVIDIA's driver; the CPU works without.",
      ),
  );
  if (!driver.ok || !libraries.ok) return [libraries, driver];
  const gpu = await examine('GPU', async () => {
    const { gpus, usableGpus } = await report;
    const built = builtFor(directory);
    const described = gpus.map(({ name, computeCapability }) => {
      const support = built && gpuSupport(computeCapability, built);
      const how = { built: '', compiled: ', its code is compiled at the first start', none: ', too old' };
      return `${name}, compute capability ${computeCapability}${support ? how[support] : ''}`;
    });
    const found = `${described.join('; ') || 'none that the driver shows to this process'}${built ? ` (built for ${built.join(' ')})` : ''}`;
    return usableGpus > 0
      ? found
      : fail(
          `TensorFlow cannot use it: ${found}.`,
          'See `nvidia-smi`; the driver must be 525 or newer, and CUDA_VISIBLE_DEVICES must not hide the GPU.',
        );
  });
  return [libraries, driver, gpu];
}

function versionsOf(versions: Readonly<Record<string, string>>): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name === 'cuda' ? 'CUDA' : 'cuDNN'} ${version}`)
    .join(', ');
}

/** Why no GPU is used where TensorFlow is set up without CUDA. */
function describeMissingCuda(): never {
  return driverVersion() === null
    ? fail(
        'no NVIDIA driver here, and TensorFlow without CUDA.',
        'With a GPU: install its driver, then `wnlstm setup tensorflow --cuda`.',
      )
    : fail(
        'an NVIDIA driver is here, but TensorFlow without CUDA.',
        'Fetch it: `wnlstm setup tensorflow --cuda`.',
      );
}

/** A step on one device, in a process of its own. */
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

/** Looks at one thing; what is thrown is why it is not ok. */
export async function examine(name: string, look: () => string | Promise<string>): Promise<Finding> {
  try {
    return { name, ok: true, detail: await look() };
  } catch (error) {
    if (error instanceof UserError) return { name, ok: false, detail: error.message, hint: error.hint };
    return { name, ok: false, detail: String(error) };
  }
}
