/** @file A thread for the heartbeat, so that it goes on however long a training step takes. */

import { workerData } from 'node:worker_threads';
import { beat, type Heartbeat } from './heartbeat.js';

beat(workerData as Heartbeat);
