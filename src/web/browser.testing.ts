/** @file A headless Chromium for the tests of the page. */

import { existsSync } from 'node:fs';
import { after } from 'node:test';
import type { Browser, Page } from 'playwright-core';

/** Where distributions install Chromium. WNLSTM_CHROMIUM names another one. */
const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executable = [process.env.WNLSTM_CHROMIUM ?? '', ...PATHS].find((path) => existsSync(path));

const playwright = await import('playwright-core').catch(() => null);

/** Why the tests are skipped, or false. */
export const skip =
  executable === undefined
    ? 'needs Chromium: apt-get install chromium'
    : playwright === null
      ? 'needs playwright-core: npm install --no-save --ignore-scripts playwright-core@1.65.1'
      : false;

let browser: Promise<Browser> | null = null;
after(async () => (await browser)?.close());

/** What a page is opened with. */
export interface PageOptions {
  readonly width?: number;
  readonly dark?: boolean;
}

/** A page, and the errors that it had. */
export interface Opened {
  readonly page: Page;
  /** Uncaught errors, failed requests, and messages of the browser such as violations of the policy. */
  readonly errors: readonly string[];
  /** The hosts that it asked. */
  readonly hosts: ReadonlySet<string>;
}

/** Opens an address. */
export async function open(
  address: string,
  { width = 1400, dark = false }: PageOptions = {},
): Promise<Opened> {
  browser ??=
    playwright?.chromium.launch({ executablePath: executable ?? '', args: ['--no-sandbox'] }) ?? null;
  if (browser === null) throw new Error('the test is not skipped');
  const page = await (await browser).newPage({
    viewport: { width, height: width < 700 ? 844 : 900 },
    colorScheme: dark ? 'dark' : 'light',
  });
  page.setDefaultTimeout(20_000);
  const errors: string[] = [];
  const hosts = new Set<string>();
  page.on('pageerror', (error) => void errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('data:')) hosts.add(new URL(request.url()).host);
  });
  await page.goto(address);
  return { page, errors, hosts };
}

/** Waits until the curves of a column are drawn. Returns the label that describes them. */
export async function curves(page: Page, column: string): Promise<string> {
  const plot = page.locator(`.panel[data-column="${column}"] .plot`);
  await plot.locator('canvas').waitFor();
  return (await plot.getAttribute('aria-label')) ?? '';
}

/** Waits until a condition in the page holds. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited too long for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The hash of the address, which keeps the view. */
export function hashOf(page: Page): Promise<string> {
  return page.evaluate<string>('location.hash');
}
