/** @file Images and labels on the device. Engines that use the same split share one copy. */

import type { Split } from '../../data/mnist.js';
import type { CudaDevice } from './device.js';
import { addressOf, createResources, type Resources, upload } from './memory.js';

/** The addresses of a split's images and labels. */
export interface DeviceSplit {
  readonly images: bigint;
  readonly labels: bigint;
}

/** A split on the device, and how many engines use it. */
interface SharedSplit extends DeviceSplit {
  readonly resources: Resources;
  users: number;
}

const uploaded = new WeakMap<CudaDevice, Map<Split, SharedSplit>>();

/**
 * A split on the device, copied to it if no engine has done so.
 *
 * @param owner when it is freed, the split is no longer used; the last user's frees the copy
 */
export function shareSplit(device: CudaDevice, split: Split, owner: Resources): DeviceSplit {
  const splits = uploaded.get(device) ?? new Map<Split, SharedSplit>();
  uploaded.set(device, splits);
  const shared = splits.get(split) ?? uploadSplit(device, split);
  splits.set(split, shared);
  shared.users++;
  owner.own(() => {
    shared.users--;
    if (shared.users > 0) return;
    splits.delete(split);
    shared.resources.free();
  });
  return shared;
}

function uploadSplit(device: CudaDevice, { images, labels }: Split): SharedSplit {
  const resources = createResources(device);
  try {
    const block = resources.allocate([
      { name: 'images', bytes: images.byteLength },
      { name: 'labels', bytes: labels.byteLength },
    ]);
    const shared = { images: addressOf(block, 'images'), labels: addressOf(block, 'labels') };
    upload(device, shared.images, images);
    upload(device, shared.labels, labels);
    return { ...shared, resources, users: 0 };
  } catch (error) {
    resources.free();
    throw error;
  }
}
