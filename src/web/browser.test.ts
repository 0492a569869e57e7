/** @file The page in a browser: what it shows of runs in every state, while they change, and what a user does with it. */

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { curves, hashOf, open, skip, until } from './browser.testing.js';
import { appendRows, writeRun, writeSweep } from './runs.testing.js';
import { served } from './serve.testing.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-browser-'));
after(() => rmSync(scratch, { recursive: true }));
let folders = 0;
const fresh = (): string => join(scratch, String(folders++));
const running = { record: { status: 'running' } } as const;

test('one run is drawn, and its rows appear while they are written', { skip }, async () => {
  const runs = fresh();
  const run = { id: 'one', rows: 100, ...running };
  writeRun(runs, run);
  const { address, stop } = await served(runs);
  const { page, errors, hosts } = await open(address);
  const before = await curves(page, 'loss');
  assert.match(before, /^loss over step\. Last values: one: [\d.]+\.$/);
  assert.equal(await page.locator('#counts').textContent(), '1 of 1 shown, 1 running');
  appendRows(runs, run, 100, 200);
  await until(async () => (await curves(page, 'loss')) !== before);
  await until(async () => (await page.locator('#runs .steps').textContent()) === '69 %');
  assert.deepEqual(errors, []);
  assert.deepEqual([...hosts], [new URL(address).host]);
  await page.close();
  await stop();
});

test('a hundred runs of a sweep are drawn, by run and by arm', { skip }, async () => {
  const runs = fresh();
  const arms = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [`lr${index}`, { lr: 0.01 * (index + 1) }]),
  );
  const base = { backend: 'wasm', device: 'cpu', steps: 2000 };
  writeSweep(runs, { name: 'hundred', base, arms, seeds: 10 }, (_, seed) => ({
    rows: 200,
    level: 0.1 + seed / 50,
  }));
  const { address, stop } = await served(runs);
  const { page, errors } = await open(address);
  await until(async () => (await curves(page, 'accuracy')).includes('and 95 more'));
  assert.equal(await page.locator('#runs li:visible').count(), 100);
  await page.keyboard.press('m');
  await until(async () => /lr0 \(10 seeds\)/.test(await curves(page, 'loss')));
  assert.match(
    (await page.locator('#legend').textContent()) ?? '',
    /lr9.*band: its 95 % confidence interval/,
  );
  await page.locator('#search').fill('lr3 seed 4');
  assert.equal(await page.locator('#runs li:visible').count(), 1);
  assert.deepEqual(errors, []);
  await page.close();
  await stop();
});

test('a run that diverged, a failed one with its log, and a damaged row are shown as such', {
  skip,
}, async () => {
  const runs = fresh();
  const failed = { status: 'failed', error: 'the kernel crashed' } as const;
  writeRun(runs, { id: 'diverged', rows: 60, divergesAt: 50, record: { status: 'diverged' } });
  writeRun(runs, {
    id: 'failed',
    rows: 20,
    log: 'first\nsecond\n',
    record: failed,
    config: { seed: 1, lr: 0.5 },
  });
  const torn = writeRun(runs, {
    id: 'torn',
    rows: 30,
    record: { status: 'interrupted' },
    config: { seed: 2 },
  });
  appendFileSync(join(torn, 'steps.csv'), '310,1,0.5\n320,1,0.2');
  const { address, stop } = await served(runs);
  const { page, errors } = await open(address);
  await until(async () => /diverged: .*failed: .*torn: /.test(await curves(page, 'loss')));
  const statuses = await page.locator('#runs-table .status').allTextContents();
  assert.deepEqual(statuses.sort(), ['diverged', 'failed', 'interrupted']);
  await page.locator('#runs-table .problem', { hasText: '1 of steps.csv' }).waitFor();
  assert.deepEqual((await page.locator('#runs-table th').allTextContents()).slice(7), ['lr', 'seed']);
  await page.locator('#runs li', { hasText: 'failed' }).getByRole('button', { name: 'log' }).click();
  await page.locator('#log pre', { hasText: 'second' }).waitFor();
  assert.match((await page.locator('#log').textContent()) ?? '', /the kernel crashed/);
  assert.deepEqual(errors, []);
  await page.close();
  await stop();
});

test('the curve of a run that resumes goes back to its checkpoint', { skip }, async () => {
  const runs = fresh();
  const run = { id: 'resumed', rows: 100, ...running };
  writeRun(runs, run);
  const { address, stop } = await served(runs);
  const { page, errors } = await open(address);
  const before = await curves(page, 'loss');
  writeRun(runs, { ...run, rows: 40 });
  await until(async () => (await curves(page, 'loss')) !== before);
  await until(async () => (await page.locator('#runs .steps').textContent()) === '9 %');
  assert.deepEqual(errors, []);
  await page.close();
  await stop();
});

test('a run that is removed while it is shown leaves the page, and the others stay', { skip }, async () => {
  const runs = fresh();
  writeRun(runs, { id: 'stays', rows: 30 });
  writeRun(runs, { id: 'goes', rows: 30, config: { seed: 1 } });
  const { address, stop } = await served(runs);
  const { page, errors } = await open(address);
  await until(async () => /goes: .*stays: |stays: .*goes: /.test(await curves(page, 'loss')));
  rmSync(join(runs, 'goes'), { recursive: true });
  await page.locator('#announcement.visible', { hasText: 'goes was removed.' }).waitFor();
  await until(async () => !(await curves(page, 'loss')).includes('goes'));
  assert.equal(await page.locator('#runs li').count(), 1);
  assert.deepEqual(errors, []);
  await page.close();
  await stop();
});

test('names and messages with HTML in them are text', { skip }, async () => {
  const runs = fresh();
  const id = '<img src=x onerror=alert(1)>"&amp;';
  writeRun(runs, {
    id,
    rows: 30,
    log: '<script>alert(2)</script>',
    record: { status: 'failed', error: '<b>bold</b>' },
  });
  const { address, stop } = await served(runs);
  const { page, errors } = await open(`${address}#open=runs,log,comparison&by=arm`);
  let dialogs = 0;
  page.on('dialog', () => void dialogs++);
  await curves(page, 'loss');
  await page.locator('#log pre', { hasText: 'alert(2)' }).waitFor();
  await page.mouse.move(700, 300);
  assert.equal(await page.locator('#runs .name').textContent(), id);
  assert.match((await page.locator('#runs-table').textContent()) ?? '', /<b>bold<\/b>/);
  assert.equal(await page.locator('img, b:text("bold"), main script').count(), 0);
  assert.deepEqual([dialogs, errors], [0, []]);
  await page.close();
  await stop();
});

test('a reload keeps the view: runs, columns, axes, zoom and open sections', { skip }, async () => {
  const runs = fresh();
  for (const seed of [0, 1, 2])
    writeRun(runs, { id: `run ${seed}/#&`.replace('/', '_'), rows: 100, config: { seed } });
  const { address, stop } = await served(runs);
  const { page, errors } = await open(address);
  await curves(page, 'loss');
  await page.locator('#runs li input').nth(1).uncheck();
  await page.locator('.menu summary').click();
  await page.locator('.choices label', { hasText: 'grad_norm_clipped' }).locator('input').check();
  await page.locator('.choices label', { hasText: 'val_loss' }).locator('input').uncheck();
  await page.keyboard.press('Escape');
  for (const key of ['x', 's', 'l', '+']) await page.keyboard.press(key);
  await page.locator('#section-comparison summary').first().click();
  await curves(page, 'grad_norm_clipped');
  const shown = async () => ({
    hash: await hashOf(page),
    label: await curves(page, 'loss'),
    boxes: await page.evaluate('[...document.querySelectorAll("#runs li input")].map((box) => box.checked)'),
    columns: await page.locator('.panel h2').allTextContents(),
    open: await page.locator('main > details[open]').count(),
    note: await page.locator('.panel .note').first().textContent(),
  });
  await until(async () => (await shown()).note === 'mean of 50 steps');
  const before = await shown();
  assert.deepEqual(before.boxes, [true, false, true]);
  assert.equal(before.columns.join(), 'loss,accuracy,grad_norm_clipped,val_accuracy');
  assert.match(before.hash, /zoom=/);
  await page.reload();
  await until(async () => JSON.stringify(await shown()) === JSON.stringify(before));
  await page.keyboard.press('0');
  await until(async () => !(await hashOf(page)).includes('zoom'));
  assert.deepEqual(errors, []);
  await page.close();
  await stop();
});

test('everything can be reached with the keyboard, and ? lists the shortcuts', { skip }, async () => {
  const runs = fresh();
  for (const seed of [0, 1]) writeRun(runs, { id: `r${seed}`, rows: 30, config: { seed } });
  const { address, stop } = await served(runs);
  const { page } = await open(address);
  await curves(page, 'loss');
  await page.keyboard.press('?');
  await page.locator('dialog[open]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#runs li input').first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await until(async () => (await page.locator('#counts').textContent()) === '1 of 2 shown');
  await page.keyboard.press('/');
  assert.equal(await page.evaluate('document.activeElement.id'), 'search');
  const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
  assert.equal(outline, 'solid', 'the focus is visible');
  await page.close();
  await stop();
});

test('a box that is dragged in a panel is zoomed into, and a double click shows all again', {
  skip,
}, async () => {
  const runs = fresh();
  writeRun(runs, { id: 'a', rows: 200 });
  const { address, stop } = await served(runs);
  const { page } = await open(address);
  await curves(page, 'loss');
  const box = await page.locator('.panel[data-column="loss"] .u-over').boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + 60, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + 200, box.y + 120, { steps: 4 });
  await page.mouse.up();
  await until(async () => /zoom=.*y\.loss=/.test(await hashOf(page)));
  await page.mouse.dblclick(box.x + 100, box.y + 60);
  await until(async () => !/zoom=|y\.loss=/.test(await hashOf(page)));
  await page.close();
  await stop();
});

test('on a phone nothing is wider than the screen, and the list is a drawer', { skip }, async () => {
  const runs = fresh();
  const base = { backend: 'wasm', device: 'cpu', steps: 1000 };
  const arms = { base: { model: 'base' }, wn: { model: 'wn' } };
  writeSweep(runs, { name: 'two', base, arms, seeds: 3, comparisons: [['wn', 'base']] }, (arm) => ({
    rows: 100,
    level: arm === 'wn' ? 0.1 : 0.4,
  }));
  const { address, stop } = await served(runs);
  const { page, errors } = await open(`${address}#open=runs,comparison,log&by=arm`, {
    width: 390,
    dark: true,
  });
  await curves(page, 'loss');
  await page.locator('.comparison').first().waitFor();
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390);
  assert.equal(await page.locator('#sidebar').isVisible(), false);
  await page.locator('#drawer').click();
  await page.locator('#sidebar').waitFor({ state: 'visible' });
  await page.locator('#close').click();
  await page.locator('#sidebar').waitFor({ state: 'hidden' });
  assert.deepEqual(errors, []);
  await page.close();
  await stop();
});

test('when the server ends the page says so, and what to do if it does not come back', { skip }, async () => {
  const runs = fresh();
  writeRun(runs, { id: 'a', rows: 30 });
  const first = await served(runs);
  const { page } = await open(first.address);
  await curves(page, 'loss');
  await first.stop();
  await page.locator('#connection', { hasText: 'The connection is lost' }).waitFor();
  const second = await served(runs, { port: Number(new URL(first.address).port) });
  await page.locator('#connection', { hasText: 'open the address that it prints' }).waitFor();
  await page.close();
  await second.stop();
});

test('the legend lists the arms, and a run of the sweep that its plan does not list', { skip }, async () => {
  const runs = fresh();
  const arms = { base: { model: 'base' }, wn: {} };
  const folder = writeSweep(runs, { name: 's', arms, seeds: 2 }, () => ({ rows: 30 }));
  writeRun(folder, { id: 'longer', rows: 40, record: { fingerprint: 'f'.repeat(64) } });
  const { address, stop } = await served(runs);
  const { page } = await open(address);
  await curves(page, 'loss');
  for (const label of ['base', 'wn', 's/longer'])
    await page.locator('#legend').getByText(label, { exact: true }).waitFor();
  await page.close();
  await stop();
});
