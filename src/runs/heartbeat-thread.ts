/** @file Runs the heartbeat in a thread, so that long training steps do not delay it. */

import { workerData } from 'node:worker_threads';
import { beat, type Heartbeat } from './heartbeat.js';

beat(workerData as Heartbeat);
