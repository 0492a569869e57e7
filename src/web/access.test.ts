/** @file Only a request with the token and a host name of this server is answered. */

import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { createToken, hostInUrl, isOwnHost, isSameToken, reachableHosts } from './access.js';

test('tokens differ, have 256 bits, and are equal only to themselves', () => {
  const token = createToken();
  assert.match(token, /^[\w-]{43}$/);
  assert.notEqual(createToken(), token);
  assert.ok(isSameToken(token, token));
  for (const other of ['', token.slice(1), `${token}a`, token.toLowerCase(), createToken()]) {
    assert.ok(!isSameToken(other, token), other);
  }
});

test('on loopback only the names of loopback are accepted, with any port', () => {
  for (const host of [
    '127.0.0.1:7117',
    'localhost:7117',
    'LOCALHOST',
    '[::1]:80',
    '127.0.0.5',
    'localhost:9000',
  ])
    assert.ok(isOwnHost(host, '127.0.0.1'), host);
  const foreign = [
    undefined,
    '',
    'example.com',
    'localhost.example.com',
    '127.0.0.1.example.com:7117',
    '10.0.0.1',
  ];
  for (const host of [...foreign, 'a b', '[::1', 'localhost:x', hostname()]) {
    if (host !== 'localhost') assert.ok(!isOwnHost(host, '127.0.0.1'), host);
  }
});

test('on another address its own name and that of the machine are accepted, but no other name', () => {
  assert.ok(isOwnHost('10.0.0.5:7117', '10.0.0.5'));
  assert.ok(isOwnHost(`${hostname()}:7117`, '10.0.0.5'));
  assert.ok(!isOwnHost('10.0.0.6:7117', '10.0.0.5'));
  assert.ok(!isOwnHost('example.com', '10.0.0.5'));
});

test('on all addresses every IP address is accepted, but no foreign name', () => {
  for (const bound of ['0.0.0.0', '::']) {
    for (const host of ['10.0.0.6:7117', '[fe80::1]:7117', 'localhost'])
      assert.ok(isOwnHost(host, bound), host);
    assert.ok(!isOwnHost('example.com', bound));
  }
});

test('an IPv6 address is in brackets in a URL', () => {
  assert.deepEqual(['::1', '127.0.0.1', 'localhost'].map(hostInUrl), ['[::1]', '127.0.0.1', 'localhost']);
});

test('a server on all addresses is reached under those of the network, and another under its own', () => {
  const of = (address: string, family: 'IPv4' | 'IPv6', internal = false, scopeid = 0) =>
    ({ address, family, internal, scopeid, netmask: '', mac: '', cidr: null }) as NetworkInterfaceInfo;
  const interfaces = {
    lo: [of('127.0.0.1', 'IPv4', true), of('::1', 'IPv6', true)],
    wlan0: [of('192.0.2.7', 'IPv4'), of('2001:db8::7', 'IPv6'), of('fe80::7', 'IPv6', false, 2)],
  };
  assert.deepEqual(reachableHosts('0.0.0.0', interfaces), ['192.0.2.7']);
  assert.deepEqual(reachableHosts('::', interfaces), ['192.0.2.7', '2001:db8::7']);
  assert.deepEqual(reachableHosts('0.0.0.0', { lo: interfaces.lo }), ['127.0.0.1']);
  assert.deepEqual(reachableHosts('lab.example', interfaces), ['lab.example']);
});
