/** @file Photos of digits become images like those of MNIST, wherever and however large the digit is. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonBox, type GreyImage } from './grey-image.js';
import { prepareDigit } from './photo.js';

interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  /** The height of the digit. */
  readonly side: number;
  /** The greys of the ink and of the paper, and how much the paper gets lighter from left to right. */
  readonly ink: number;
  readonly paper: number;
  readonly shade?: number;
}

const plain: Drawing = { width: 280, height: 280, left: 90, top: 70, side: 140, ink: 0, paper: 255 };

/** A seven: a bar at the top and one at the right. */
function seven({ width, height, left, top, side, ink, paper, shade = 0 }: Drawing): GreyImage {
  const pixels = Uint8Array.from({ length: width * height }, (_, at) => {
    const [x, y] = [((at % width) - left) / side, (Math.floor(at / width) - top) / side];
    const isDigit = x >= 0 && x < 0.6 && y >= 0 && y < 1 && (y < 0.15 || x >= 0.45);
    return (isDigit ? ink : paper) + shade * ((at % width) / width);
  });
  return { width, height, pixels };
}

function prepared(photo: GreyImage): GreyImage {
  const digit = prepareDigit(photo, 28);
  assert.ok(digit);
  return digit;
}

/** The mean difference of two images, in grey levels. A digit that is half a pixel further left has 13, and another place 60. */
function distance(a: GreyImage, b: GreyImage): number {
  return a.pixels.reduce((sum, grey, at) => sum + Math.abs(grey - (b.pixels[at] ?? 0)), 0) / a.pixels.length;
}

test('a digit becomes white on black, 20 pixels high, with its mass at the centre', () => {
  const { width, height, pixels } = prepared(seven(plain));
  assert.deepEqual([width, height, pixels[0]], [28, 28, 0]);
  assert.equal(Math.max(...pixels), 255);
  assert.equal(commonBox([{ width, height, pixels }]).height, 20);
  const mass = pixels.reduce((sum, grey) => sum + grey, 0);
  for (const position of [(at: number) => at % 28, (at: number) => Math.floor(at / 28)]) {
    const moment = pixels.reduce((sum, grey, at) => sum + grey * (position(at) + 0.5), 0);
    assert.ok(Math.abs(moment / mass - 14) <= 0.5);
  }
});

test('place, size, the colours of ink and paper, and an even shade do not matter', () => {
  const digit = prepared(seven(plain));
  for (const change of [
    { left: 5, top: 100 },
    { width: 640, height: 400, left: 500, top: 30, side: 110 },
    { ink: 255, paper: 0 },
    { ink: 90, paper: 150 },
    { ink: 10, paper: 80, shade: 170 },
  ] satisfies Partial<Drawing>[]) {
    const other = prepared(seven({ ...plain, ...change }));
    assert.ok(distance(digit, other) < 16, `${JSON.stringify(change)}: ${distance(digit, other)}`);
  }
});

test('dust beside the digit is left out', () => {
  const { width, height, pixels } = seven(plain);
  for (const at of [3, 4, 3 + width, 4 + width, width * height - 2]) pixels[at] = 0;
  assert.deepEqual(prepared({ width, height, pixels }), prepared(seven(plain)));
});

test('what touches the border is left out, unless it is all that there is', () => {
  const { width, height, pixels } = seven(plain);
  const table = { width, height, pixels: pixels.map((grey, at) => (at < 12 * width ? 30 : grey)) };
  assert.deepEqual(prepared(table), prepared(seven(plain)));
  const cut = prepared(seven({ ...plain, top: 0 }));
  assert.ok(distance(cut, prepared(seven(plain))) < 16);
});

test('an image of one colour, or with a faint shade only, has no digit', () => {
  assert.equal(prepareDigit(seven({ ...plain, ink: 255 }), 28), null);
  assert.equal(prepareDigit(seven({ ...plain, ink: 120, paper: 120, shade: 100 }), 28), null);
  assert.equal(prepareDigit({ width: 1, height: 1, pixels: Uint8Array.of(7) }, 28), null);
});
