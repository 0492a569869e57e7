/** @file The font of all figures, DejaVu Sans from its npm package, and the width of text in it. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The font's name, and a common font of similar widths for viewers without it. */
export const fontFamily = 'DejaVu Sans, Verdana, sans-serif';

/**
 * Reads the advance widths of the font.
 *
 * @returns a function for the width of a text in units of the font size, without kerning
 */
export function readWidths(): (text: string) => number {
  const bytes = readFileSync(fontPath());
  const font = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const unitsPerEm = font.getUint16(tableAt(font, 'head') + 18);
  const metrics = font.getUint16(tableAt(font, 'hhea') + 34);
  const hmtx = tableAt(font, 'hmtx');
  const glyphOf = glyphFinder(font);
  const advance = (codePoint: number): number =>
    font.getUint16(hmtx + 4 * Math.min(glyphOf(codePoint), metrics - 1)) / unitsPerEm;
  return (text) => [...text].reduce((sum, character) => sum + advance(character.codePointAt(0) ?? 0), 0);
}

/** The offset of a table of a TrueType file. @see https://learn.microsoft.com/typography/opentype/spec/otff */
function tableAt(font: DataView, name: string): number {
  for (let record = 12; record < 12 + 16 * font.getUint16(4); record += 16) {
    const tag = [0, 1, 2, 3].map((index) => String.fromCharCode(font.getUint8(record + index))).join('');
    if (tag === name) return font.getUint32(record + 8);
  }
  throw new Error(`The font has no table ${name}.`);
}

/** Maps code points to glyphs by the table `cmap`, format 12. @see https://learn.microsoft.com/typography/opentype/spec/cmap */
function glyphFinder(font: DataView): (codePoint: number) => number {
  const cmap = tableAt(font, 'cmap');
  const tables = Array.from(
    { length: font.getUint16(cmap + 2) },
    (_, index) => cmap + font.getUint32(cmap + 4 + 8 * index + 4),
  );
  const table = tables.find((at) => font.getUint16(at) === 12);
  if (table === undefined) throw new Error('The font has no cmap table of format 12.');
  const groups = Array.from({ length: font.getUint32(table + 12) }, (_, index) => {
    const at = table + 16 + 12 * index;
    return { first: font.getUint32(at), last: font.getUint32(at + 4), glyph: font.getUint32(at + 8) };
  });
  return (codePoint) => {
    const group = groups.find(({ first, last }) => first <= codePoint && codePoint <= last);
    return group ? group.glyph + codePoint - group.first : 0;
  };
}

/** The path of the font file. */
export function fontPath(): string {
  return fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'));
}
