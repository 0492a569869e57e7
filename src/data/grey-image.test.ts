/** @file Parts of images, their borders, and scaling. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  borderMean,
  commonBox,
  crop,
  enlarge,
  type GreyImage,
  imageAt,
  invert,
  widened,
} from './grey-image.js';
import { fitSquare } from './resize.js';

function image(...rows: number[][]): GreyImage {
  return { width: rows[0]!.length, height: rows.length, pixels: Uint8Array.from(rows.flat()) };
}

function rowsOf({ width, height, pixels }: GreyImage): number[][] {
  return Array.from({ length: height }, (_, row) => [...pixels.subarray(row * width, (row + 1) * width)]);
}

test('an image of a split is its part of the bytes', () => {
  const split = { count: 2, images: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), labels: Uint8Array.of(0, 1) };
  assert.deepEqual(rowsOf(imageAt(split, 1)), [
    [5, 6],
    [7, 8],
  ]);
});

test('the common box has every pixel above 0 of every image, and nothing more', () => {
  const one = image([0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]);
  const other = image([0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 9, 0]);
  const box = commonBox([one, other]);
  assert.deepEqual(box, { left: 1, top: 1, width: 2, height: 2 });
  assert.deepEqual(rowsOf(crop(one, box)), [
    [1, 0],
    [0, 0],
  ]);
  const black = image([0, 0], [0, 0]);
  assert.deepEqual(commonBox([black]), { left: 0, top: 0, width: 2, height: 2 });
});

test('a box is widened within the image only', () => {
  const box = { left: 4, top: 0, width: 2, height: 1 };
  assert.deepEqual(widened(box, 4, { width: 10 }), { ...box, left: 3, width: 4 });
  assert.deepEqual(widened(box, 8, { width: 8 }), { ...box, left: 0, width: 8 });
  assert.deepEqual(widened(box, 99, { width: 8 }), { ...box, left: 0, width: 8 });
  assert.deepEqual(widened({ ...box, left: 6 }, 6, { width: 8 }), { ...box, left: 2, width: 6 });
  assert.deepEqual(widened(box, 1, { width: 8 }), box);
});

test('the mean of the border leaves out the inside', () => {
  assert.equal(borderMean(image([10, 10, 10], [20, 255, 20], [10, 10, 10])), 12.5);
  assert.equal(borderMean(image([7])), 7);
});

test('inverting twice, and enlarging and scaling down again, give the same image', () => {
  const one = image([0, 100, 255], [3, 2, 1], [9, 8, 7]);
  assert.deepEqual(invert(invert(one)), one);
  assert.deepEqual(rowsOf(invert(one))[0], [255, 155, 0]);
  assert.deepEqual(fitSquare(enlarge(one, 4), 3), one);
  assert.deepEqual(fitSquare(one, 3), one);
});

test('a scaled pixel is the mean of the area that it covers', () => {
  assert.deepEqual(
    rowsOf(fitSquare(image([0, 100, 40, 60], [200, 100, 0, 0], [8, 8, 1, 2], [8, 8, 3, 4]), 2)),
    [
      [100, 25],
      [8, 3],
    ],
  );
  // 3 to 2: each new pixel covers one and a half old ones.
  const stripes = image([0, 90, 240], [0, 90, 240], [0, 90, 240]);
  assert.deepEqual(rowsOf(fitSquare(stripes, 2)), [
    [30, 190],
    [30, 190],
  ]);
  assert.deepEqual(rowsOf(fitSquare(image([0, 200], [0, 200]), 4))[0], [0, 0, 200, 200]);
});

test('an image that is not square is centred, beside the mean grey of its border', () => {
  assert.deepEqual(rowsOf(fitSquare(image([50, 50], [50, 50], [50, 50], [50, 50]), 4)), [
    [50, 50, 50, 50],
    [50, 50, 50, 50],
    [50, 50, 50, 50],
    [50, 50, 50, 50],
  ]);
  assert.deepEqual(rowsOf(fitSquare(image([0, 0, 200, 0], [0, 0, 0, 0]), 4)), [
    [25, 25, 25, 25],
    [0, 0, 200, 0],
    [0, 0, 0, 0],
    [25, 25, 25, 25],
  ]);
  assert.deepEqual(fitSquare(image(Array(100).fill(9)), 4).pixels, new Uint8Array(16).fill(9));
});
