/** @file Which installation of TensorFlow serves a device, and whether there is a GPU at all. */

import { UserError } from '../../errors.js';
import { hasNvidiaDriver } from '../gpu.js';
import { type Installation, listInstallations } from './installation.js';

/**
 * The installation to compute with.
 *
 * @throws {UserError} E_BACKEND if there is none for this device, or no driver for a GPU
 */
export function chooseInstallation(device: 'cpu' | 'cuda'): Installation {
  const installed = listInstallations();
  if (device === 'cpu') {
    const found = installed.find(({ manifest }) => manifest.variant === 'cpu') ?? installed[0];
    if (found) return found;
    throw new UserError('E_BACKEND', 'The tensorflow backend expects TensorFlow, found none set up.', {
      hint: 'Fetch it: `wnlstm setup tensorflow --cpu`',
    });
  }
  if (!hasNvidiaDriver()) {
    throw new UserError(
      'E_BACKEND',
      'Expected an NVIDIA GPU, found no driver (/proc/driver/nvidia/version).',
      {
        hint: "Install NVIDIA's driver, or compute on the CPU: `wnlstm setup tensorflow --cpu`, then `--device cpu`.",
      },
    );
  }
  const found = installed.find(({ manifest }) => manifest.variant === 'cuda');
  if (found) return found;
  throw new UserError(
    'E_BACKEND',
    'The tensorflow backend on a GPU expects TensorFlow with CUDA, found none set up.',
    {
      hint: 'Fetch it: `wnlstm setup tensorflow --cuda`, or compute on the CPU with `--device cpu`.',
    },
  );
}
