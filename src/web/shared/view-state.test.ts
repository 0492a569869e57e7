/** @file The hash of the URL keeps the view, whatever the names are, and damage of it does no harm. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bandNames,
  defaultState,
  formatState,
  parseState,
  sectionNames,
  type ViewState,
  xNames,
} from './view-state.js';

test('a view is the same after a reload', () => {
  const name = fc.string({ minLength: 1, unit: 'binary' });
  const names = fc.uniqueArray(name, { maxLength: 4 });
  const number = fc.integer({ min: -9999, max: 9999 });
  const range = fc.tuple(number, number).filter(([low, high]) => low < high);
  const views: fc.Arbitrary<ViewState> = fc.record({
    groups: fc.option(fc.uniqueArray(fc.oneof(name, fc.constant('')), { maxLength: 3 })),
    runs: names,
    hidden: names,
    columns: names,
    x: fc.constantFrom(...xNames),
    byArm: fc.boolean(),
    band: fc.constantFrom(...bandNames),
    smooth: fc.nat(1e6),
    log: names,
    zoom: fc.option(range),
    yZoom: fc.dictionary(
      name.filter((text) => text !== '__proto__'),
      range,
      { maxKeys: 2, noNullPrototype: true },
    ),
    open: fc.uniqueArray(fc.constantFrom(...sectionNames)),
    logOf: fc.option(name),
  });
  fc.assert(fc.property(views, (view) => assert.deepEqual(parseState(`#${formatState(view)}`), { ...view })));
});

test('the default view has an empty hash', () => {
  assert.equal(formatState(defaultState), '');
  assert.deepEqual(parseState(''), defaultState);
});

test('what a hash has wrong becomes the default', () => {
  const wrong = '#x=miles&smooth=-3&zoom=5,1&band=%&y.loss=a,b&by=&open=cellar&=&foo';
  assert.deepEqual(parseState(wrong), { ...defaultState, open: [] });
  assert.deepEqual(parseState('#runs=%E0%A4%A').runs, ['%E0%A4%A']);
});
