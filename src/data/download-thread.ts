/** @file A thread that downloads one file through `mnist-dataset`, which cannot be stopped in any other way. */

import { parentPort, workerData } from 'node:worker_threads';
import { gunzipUrl } from 'mnist-dataset';

/** What the thread is given. */
export interface Download {
  readonly url: string;
}

/** What it answers. */
export type Downloaded = { readonly bytes: Uint8Array } | { readonly error: string };

try {
  answer({ bytes: await gunzipUrl((workerData as Download).url) });
} catch (error) {
  answer({ error: (error as Error).message });
}

function answer(message: Downloaded): void {
  parentPort?.postMessage(message);
}
