/** @file A thread that downloads one file with `mnist-dataset`. Ending the thread is the only way to stop a download. */

import { parentPort, workerData } from 'node:worker_threads';
import { gunzipUrl } from 'mnist-dataset';

/** The data of the thread. */
export interface Download {
  readonly url: string;
}

/** The message from the thread. */
export type Downloaded = { readonly bytes: Uint8Array } | { readonly error: string };

try {
  answer({ bytes: await gunzipUrl((workerData as Download).url) });
} catch (error) {
  answer({ error: (error as Error).message });
}

function answer(message: Downloaded): void {
  parentPort?.postMessage(message);
}
