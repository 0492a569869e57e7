/** @file Laws of zoomed panels and of bands that are cut off. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Column, curvesOf } from './curves.js';
import { lossArm } from './curves.testing.js';
import { figureSpec } from './figure.js';
import { viewsIn } from './figure.testing.js';
import { panelsOf, panelTitle } from './panel.js';

function lossPanel(...losses: number[][]) {
  return panelsOf(curvesOf([lossArm('wn', losses)], ['loss'], 'ci'))[0];
}

/** An arm with these accuracies by row. */
function accurate(name: string, accuracies: readonly number[]) {
  return lossArm(name, [accuracies.map((accuracy) => 1 / accuracy - 1)]);
}

function titlesOf(columns: readonly Column[], ...arms: ReturnType<typeof accurate>[]): string[] {
  return panelsOf(curvesOf(arms, columns, 'ci')).map(panelTitle);
}

const good = accurate('wn', [0.2, 0.9, 0.96, 0.97, 0.97, 0.971]);
const better = accurate('clip', [0.2, 0.9, 0.965, 0.972, 0.975, 0.976]);
const poor = accurate('base', [0.1, 0.3, 0.5, 0.6, 0.5, 0.55]);

test('arms close together at the top get a zoomed panel after the panel of validation accuracy', () => {
  assert.deepEqual(titlesOf(['accuracy', 'val_accuracy', 'loss'], poor, good, better), [
    'training accuracy',
    'validation accuracy',
    'validation accuracy, zoom on the top 2 of 3 arms',
    'training loss (log scale)',
  ]);
  assert.deepEqual(titlesOf(['accuracy'], good, better), [
    'training accuracy',
    'training accuracy, zoomed in',
  ]);
});

test('there is no zoom for one arm, for arms that are far apart, or for a loss', () => {
  assert.deepEqual(titlesOf(['accuracy'], good), ['training accuracy']);
  assert.deepEqual(titlesOf(['accuracy'], poor, good), ['training accuracy']);
  assert.deepEqual(titlesOf(['loss'], poor, good, better), ['training loss (log scale)']);
  const curves = curvesOf([poor, good, better], ['accuracy'], 'ci');
  assert.equal(viewsIn(curves, null, { facet: true }).flat().length, 3);
});

test('a zoomed panel shows the second half of its arms, and only points inside its range', () => {
  const [whole, zoomed] = panelsOf(curvesOf([poor, good, better], ['accuracy'], 'ci'));
  assert.deepEqual(new Set(zoomed!.curve.points.map(({ arm }) => arm)), new Set(['wn', 'clip']));
  const [low, high] = zoomed!.domain;
  for (const { mean } of zoomed!.curve.points) assert.ok(low < mean && mean < high);
  const ends = whole!.curve.points.filter(({ arm, step }) => arm !== 'base' && step >= 30);
  for (const point of ends) assert.ok(zoomed!.curve.points.includes(point));
  assert.ok(4 * (high - low) < 1.2 * (whole!.domain[1] - whole!.domain[0]));
  // The x axis starts near the first shown point.
  const first = Math.min(...zoomed!.curve.points.map(({ x }) => x));
  assert.ok((zoomed!.zoom?.firstX ?? 0) > 0.8 * first && (zoomed!.zoom?.firstX ?? 0) < first);
});

test('a zoomed panel has complete bands of all its arms, or no bands, and then says so', () => {
  const spread = (name: string, accuracies: readonly number[], half: number) =>
    lossArm(
      name,
      [-half, 0, half].map((shift) => accuracies.map((accuracy) => 1 / (accuracy + shift) - 1)),
    );
  const armsOf = (half: number) => [
    spread('base', [0.4, 0.5, 0.55], 0.02),
    spread('wn', [0.93, 0.95, 0.96], 0.001),
    spread('clip', [0.92, 0.94, 0.955], half),
  ];
  const zoomOf = (half: number) => panelsOf(curvesOf(armsOf(half), ['accuracy'], 'ci'))[1];
  const narrow = zoomOf(0.001);
  assert.equal(panelTitle(narrow!), 'training accuracy, zoom on the top 2 of 3 arms');
  for (const { low, high } of narrow!.curve.points) {
    assert.ok(low !== null && high !== null && narrow!.domain[0] <= low && high <= narrow!.domain[1]);
  }
  const wide = zoomOf(0.03);
  assert.equal(panelTitle(wide!), 'training accuracy, zoom on the top 2 of 3 arms, without bands');
  const marks = JSON.stringify(figureSpec(curvesOf(armsOf(0.03), ['accuracy'], 'ci'), null));
  assert.equal(marks.match(/"type":"area"/g)?.length, 1);
});

test('arms side by side get a zoom only with more than half of the arms, and with their intervals', () => {
  const once = (name: string, ...accuracies: number[]) =>
    lossArm(
      name,
      accuracies.map((accuracy) => Array.from({ length: 3 }, () => 1 / accuracy - 1)),
    );
  const [low, lower] = [once('base', 0.4, 0.41, 0.42), once('sgd', 0.6, 0.61, 0.62)];
  const [high, higher] = [once('wn', 0.95, 0.951, 0.952), once('clip', 0.96, 0.961, 0.962)];
  const titles = (...arms: ReturnType<typeof once>[]): string[] => titlesOf(['val_accuracy'], ...arms);
  assert.deepEqual(titles(low, high, higher), [
    'validation accuracy',
    'validation accuracy, zoom on the top 2 of 3 arms',
  ]);
  assert.deepEqual(titles(low, lower, high, higher), ['validation accuracy']);
  assert.deepEqual(titles(low, high, once('clip', 0.9, 0.96, 0.99)), ['validation accuracy']);
});

test('the title of a panel says whether a band is cut off', () => {
  const titleOf = (...losses: number[][]): string => panelTitle(lossPanel(...losses)!);
  assert.equal(titleOf([1, 1.1, 1.2], [1, 1.1, 101.2]), 'training loss, bands cut off at the edge');
  assert.equal(titleOf([1, 0.5, 0.3], [1.1, 0.6, 0.3]), 'training loss');
  assert.equal(titleOf([1, 0.5, 0.3]), 'training loss');
  // Values below 0 and above 100 % are impossible.
  const [accuracy] = panelsOf(
    curvesOf(
      [
        lossArm('wn', [
          [9, 0.01],
          [9, 0.2],
        ]),
      ],
      ['accuracy'],
      'ci',
    ),
  );
  assert.equal(panelTitle(accuracy!), 'training accuracy');
});

test('a movable panel has room for its marks at the edges', () => {
  const curves = curvesOf([lossArm('wn', [[3, 2, 1]])], ['loss'], 'ci');
  const scaleOf = (interactive: boolean, axis: 'x' | 'y') => {
    const encoding = viewsIn(curves, null, { interactive })[0]![0]!.encoding;
    return (encoding[axis] as { scale: { domain: [number, number] } }).scale.domain;
  };
  assert.deepEqual(scaleOf(false, 'x'), [0, 30]);
  assert.deepEqual(scaleOf(false, 'y'), [1, 3]);
  assert.ok(scaleOf(true, 'x')[1] > 30);
  assert.ok(scaleOf(true, 'y')[0] < 1 && scaleOf(true, 'y')[1] > 3);
});
