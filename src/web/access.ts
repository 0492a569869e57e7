/** @file Who may read the page: requests with the token in their path, and with a host name that belongs to this server. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

/** A new token of 256 random bits, for the path of a URL. */
export function createToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether two tokens are equal. The time that it takes does not depend on where they differ. */
export function isSameToken(given: string, expected: string): boolean {
  const [a, b] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

/** Whether an address is one of this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Whether the Host header of a request names this server. A page of another site can let its own name point to this
 * machine (DNS rebinding), but not choose the name that the browser sends. The port may differ, as in an SSH tunnel.
 *
 * @param header the Host header
 * @param bound the address or name that the server listens on
 */
export function isOwnHost(header: string | undefined, bound: string): boolean {
  const host = hostOf(header ?? '');
  if (host === null) return false;
  if (isLoopback(host) || host === bound.toLowerCase()) return true;
  if (isLoopback(bound)) return false;
  return host === hostname().toLowerCase() || (isAnyAddress(bound) && isIP(host) !== 0);
}

/**
 * The hosts under which others reach a server: those of this machine if it listens on all addresses, which are no address
 * to open, and otherwise the one that it listens on.
 *
 * @param bound the address or name that the server listens on
 * @param interfaces the network interfaces of this machine
 * @returns at least one host; that of this machine only if it is in no network
 */
export function reachableHosts(bound: string, interfaces = networkInterfaces()): string[] {
  if (!isAnyAddress(bound)) return [bound];
  const found = Object.values(interfaces)
    .flatMap((each) => each ?? [])
    .filter(
      ({ internal, family, scopeid }) => !internal && (family === 'IPv4' || (bound === '::' && !scopeid)),
    )
    .map(({ address }) => address);
  return found.length > 0 ? found : ['127.0.0.1'];
}

function isAnyAddress(bound: string): boolean {
  return bound === '0.0.0.0' || bound === '::';
}

/** The host of a Host header without its port, in lower case; null if it is malformed. */
function hostOf(header: string): string | null {
  const found = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header);
  return (found?.[1] ?? found?.[2])?.toLowerCase() ?? null;
}

/** The host in a URL: an IPv6 address is in brackets. */
export function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
