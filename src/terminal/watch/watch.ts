/** @file `wnlstm watch` on a terminal: shows runs until the user leaves. */

import { setTimeout } from 'node:timers/promises';
import { EXIT } from '../../errors.js';
import type { Watched } from '../../results/watched.js';
import { STOP_SIGNALS } from '../../signals.js';
import { type Io, stopCode, type Terminal } from '../io.js';
import { openScreen } from './screen.js';
import { selectionOf } from './selection.js';
import { afterKey, type WatchState } from './state.js';
import { layoutOf, type Setting, screenLines } from './view.js';

/** Time between two looks at the files. */
const POLL_MS = 1000;
/** The time between two looks is at least this many times the time of a look, for example on a slow file system. */
const REST = 10;

/**
 * Shows runs on a terminal until the user leaves or the program is stopped.
 *
 * @param look reads the runs; the same object if nothing has changed
 * @returns the exit code: 0 after `q`, that of the signal otherwise
 */
export async function watchOn(
  terminal: Terminal,
  look: () => Watched,
  initial: WatchState,
  setting: Setting,
  io: Pick<Io, 'signal'>,
  pollMs = POLL_MS,
): Promise<number> {
  const keys: string[] = [];
  let wake = new AbortController();
  let closed = false;
  const ring = (): void => wake.abort();
  const screen = openScreen(terminal, {
    onKey: (key) => {
      keys.push(key);
      ring();
    },
    onResize: ring,
    onClose: () => {
      closed = true;
      ring();
    },
  });
  io.signal.addEventListener('abort', ring);
  try {
    let state = initial;
    let watched = look();
    let nextLook = performance.now() + pollMs;
    for (;;) {
      for (const key of keys.splice(0)) {
        if (key === 'q') return EXIT.done;
        if (key === 'ctrl-c') return STOP_SIGNALS.SIGINT;
        const { arms, runs } = selectionOf(watched, state);
        const { table } = layoutOf(screen.size().rows, runs.length, watched.damage.length > 0);
        state = afterKey(state, key, { arms, rows: runs.length, page: table });
      }
      if (io.signal.aborted) return stopCode(io);
      if (closed) return STOP_SIGNALS.SIGHUP;
      screen.draw(screenLines(watched, state, screen.size(), setting));
      await setTimeout(Math.max(0, nextLook - performance.now()), undefined, { signal: wake.signal }).catch(
        () => {},
      );
      wake = new AbortController();
      if (performance.now() < nextLook) continue;
      const started = performance.now();
      watched = look();
      const took = performance.now() - started;
      nextLook = performance.now() + Math.max(pollMs, REST * took);
    }
  } finally {
    io.signal.removeEventListener('abort', ring);
    screen.leave();
  }
}
