/** @file Opens an address in the user's browser. */

import { spawn } from 'node:child_process';

/** A browser that does not fail in this time has started. */
const WAIT_MS = 3000;

/** The command that opens an address, and its arguments. */
function opener(address: string): [command: string, args: string[]] {
  switch (process.platform) {
    case 'darwin':
      return ['open', [address]];
    case 'win32':
      return ['cmd', ['/c', 'start', '""', address]];
    default:
      return ['xdg-open', [address]];
  }
}

/**
 * Opens an address.
 *
 * @returns why it could not be opened, or null
 */
export function openBrowser(address: string): Promise<string | null> {
  const [command, args] = opener(address);
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', detached: true });
    const timer = setTimeout(() => resolve(null), WAIT_MS);
    const end = (reason: string | null): void => {
      clearTimeout(timer);
      resolve(reason);
    };
    child.on('error', (error) => end(`${command}: ${error.message}`));
    child.on('exit', (code) => end(code === 0 ? null : `${command} ended with exit code ${code}`));
    child.unref();
  });
}
