/** @file Pushing changes to pages reads the files of runs as rarely as it can. */

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Catalog, Listing } from './catalog.js';
import { startFeed } from './feed.js';

test('pages that open at once are answered from one look at the runs', () => {
  let looks = 0;
  const listing: Listing = { runs: new Map(), groups: [] };
  const catalog: Catalog = {
    look: () => {
      looks++;
      return listing;
    },
    runOf: () => undefined,
    armOf: () => null,
    sweepOf: () => undefined,
    all: () => [],
  };
  const feed = startFeed(catalog, (error) => assert.fail(error));
  const pages = Array.from({ length: 20 }, () => new PassThrough());
  for (const page of pages) feed.add(page as unknown as ServerResponse, {});
  feed.stop();
  assert.equal(looks, 1);
  for (const page of pages) assert.match(String(page.read()), /^event: start\n.*\n\nevent: runs\n/);
});
