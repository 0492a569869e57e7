/** @file Chooses the installation of TensorFlow for a device. */

import { UserError } from '../../errors.js';
import { hasNvidiaDriver } from '../gpu.js';
import { type Installation, listInstallations } from './installation.js';

/**
 * Chooses the installation for a device.
 *
 * @throws {UserError} E_BACKEND if none is installed for this device, or there is no GPU driver
 */
export function chooseInstallation(device: 'cpu' | 'cuda'): Installation {
  const installations = listInstallations();
  if (device === 'cpu') {
    const found = installations.find(({ manifest }) => manifest.variant === 'cpu') ?? installations[0];
    if (found) return found;
    throw new UserError('E_BACKEND', 'The tensorflow backend needs TensorFlow, which is not installed.', {
      hint: 'Install it with `wnlstm setup tensorflow --cpu`.',
    });
  }
  if (!hasNvidiaDriver()) {
    throw new UserError(
      'E_BACKEND',
      'No NVIDIA GPU: the driver is not loaded (/proc/driver/nvidia/version does not exist).',
      {
        hint: "Install NVIDIA's driver, or use the CPU: `--device cpu`, after `wnlstm setup tensorflow --cpu`.",
      },
    );
  }
  const found = installations.find(({ manifest }) => manifest.variant === 'cuda');
  if (found) return found;
  throw new UserError(
    'E_BACKEND',
    'The tensorflow backend needs TensorFlow with CUDA for a GPU, which is not installed.',
    {
      hint: 'Install it with `wnlstm setup tensorflow --cuda`, or use the CPU with `--device cpu`.',
    },
  );
}
