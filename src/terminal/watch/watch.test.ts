/** @file Watching on a terminal that is an object: it is left as it was, and follows its size and the runs. */

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Chalk } from 'chalk';
import type { Watched } from '../../results/watched.js';
import type { Terminal } from '../io.js';
import type { WatchState } from './state.js';
import { watchOn } from './watch.js';
import { twoArms } from './watched.testing.js';

const start: WatchState = { column: 'loss', arm: null, sort: 'started', reverse: false, top: 0, help: false };
const setting = { title: 'runs', color: new Chalk({ level: 0 }) };
const LEFT = '\x1b[?7h\x1b[?25h\x1b[?1049l';

const stops: AbortController[] = [];
after(() => {
  for (const stop of stops) stop.abort(130);
});

/** A terminal, what was written to it, and whether it is in raw mode. */
function fakeTerminal() {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), { columns: 80, rows: 24 });
  const seen = { text: '', raw: false };
  output.on('data', (part) => {
    seen.text += part;
  });
  const setRawMode = (raw: boolean): void => void Object.assign(seen, { raw });
  const terminal = { input: Object.assign(input, { setRawMode }), output } as unknown as Terminal;
  return { terminal, input, output, seen };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo(); waited++) {
    assert.ok(waited < 5000);
    await sleep(1);
  }
}

/** Looks every two milliseconds. */
function watching(look: () => Watched) {
  const fake = fakeTerminal();
  const stop = new AbortController();
  stops.push(stop);
  const ended = watchOn(fake.terminal, look, start, setting, stop, 2);
  return { ...fake, stop, ended };
}

/** Counts the listeners that keep a process busy or would run later. */
function listeners({ input, output }: ReturnType<typeof fakeTerminal>): number {
  return [input, output].reduce(
    (sum, stream) =>
      sum + ['keypress', 'resize', 'end', 'error'].reduce((n, name) => n + stream.listenerCount(name), 0),
    process.listenerCount('exit'),
  );
}

test('an error restores the terminal and is passed on', async () => {
  const problem = new Error('a bug');
  let looks = 0;
  const before = process.listenerCount('exit');
  const { ended, seen } = watching(() => {
    if (looks++ > 0) throw problem;
    return twoArms(1);
  });
  assert.equal(seen.raw, true);
  await assert.rejects(ended, problem);
  await sleep(1);
  assert.equal(seen.raw, false);
  assert.ok(seen.text.endsWith(LEFT));
  assert.equal(process.listenerCount('exit'), before);
});

test('q, Ctrl-C, a signal and a closed terminal end it, with the exit code of each', async () => {
  for (const [end, code] of [
    [({ input }) => input.write('q'), 0],
    [({ input }) => input.write('\x03'), 130],
    [({ stop }) => stop.abort(143), 143],
    [({ input }) => input.end(), 129],
  ] as const satisfies [(watched: ReturnType<typeof watching>) => unknown, number][]) {
    const before = listeners(fakeTerminal());
    const watched = watching(() => twoArms(1));
    await sleep(5);
    end(watched);
    assert.equal(await watched.ended, code);
    await sleep(1);
    assert.equal(watched.seen.raw, false);
    assert.ok(watched.seen.text.endsWith(LEFT));
    assert.ok(listeners(watched) <= before + 1, 'no listener is left');
  }
});

test('without input, a signal ends it', async () => {
  const { terminal, seen } = fakeTerminal();
  const stop = new AbortController();
  const ended = watchOn({ ...terminal, input: null }, () => twoArms(1), start, setting, stop);
  await sleep(5);
  stop.abort(130);
  assert.equal(await ended, 130);
  await sleep(1);
  assert.ok(seen.text.endsWith(LEFT));
});

test('a terminal that becomes too small says so, and shows the runs again when it grows', async () => {
  const { output, seen, ended, input } = watching(() => twoArms(1));
  const resize = async (columns: number, rows: number): Promise<string> => {
    seen.text = '';
    Object.assign(output, { columns, rows }).emit('resize');
    await sleep(5);
    return seen.text;
  };
  assert.match(await resize(40, 10), /At least 50 x 16/);
  assert.match(await resize(60, 20), /finished/);
  input.write('q');
  await ended;
});

test('nothing is written while nothing changes; a change of the runs is drawn by itself', async () => {
  const [before, after] = [twoArms(1), { ...twoArms(1), waiting: 7 }];
  let [looks, current] = [0, before];
  const { seen, ended, input } = watching(() => {
    looks++;
    return current;
  });
  await until(() => looks > 1);
  seen.text = '';
  await until(() => looks > 4);
  assert.equal(seen.text, '');
  current = after;
  await until(() => seen.text !== '');
  assert.equal(seen.text, '\x1b[2;1H1 of 9 runs finished  1 running  7 waiting  ETA 12 min 30 s\x1b[K');
  input.write('q');
  await ended;
});
