/** @file Small wheels for tests: a zip writer, and a `python3` on PATH that simulates pip. */

import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

type Files = Readonly<Record<string, string | Uint8Array>>;

/** Encodes numbers as in zip: little endian, each with its width in bytes. */
function pack(...fields: readonly (readonly [width: 2 | 4 | 8, value: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([width, value]) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(value));
      return bytes.subarray(0, width);
    }),
  );
}

/**
 * A zip archive of deflated files.
 *
 * @param zip64 writes sizes as in archives above 4 GB
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function zip(files: Files, zip64 = false): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const data = Buffer.from(content);
    const packed = deflateRawSync(data);
    const path = Buffer.from(name);
    // Version 4.5, no flags, deflated, no time, no CRC (readers of wheels use RECORD).
    const start = [
      [2, 45],
      [2, 0],
      [2, 8],
      [2, 0],
      [2, 0],
      [4, 0],
    ] as const;
    const local = pack(
      [4, 0x04034b50],
      ...start,
      [4, packed.length],
      [4, data.length],
      [2, path.length],
      [2, 0],
    );
    const [packedSize, size] = zip64 ? [0xffffffff, 0xffffffff] : [packed.length, data.length];
    const extra = zip64 ? pack([2, 1], [2, 16], [8, data.length], [8, packed.length]) : Buffer.alloc(0);
    directory.push(
      pack([4, 0x02014b50], [2, 45], ...start, [4, packedSize], [4, size]),
      pack([2, path.length], [2, extra.length], [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]),
      path,
      extra,
    );
    parts.push(local, path, packed);
    offset += local.length + path.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const count = Object.keys(files).length;
  const end = pack(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, list.length],
    [4, offset],
    [2, 0],
  );
  return Buffer.concat([...parts, list, end]);
}

/** A line of RECORD. */
function recordLine([name, content]: [string, string | Uint8Array]): string {
  return `${name},sha256=${createHash('sha256').update(content).digest('base64url')},${content.length}\r\n`;
}

/**
 * Writes a wheel.
 *
 * @param name its file name
 * @param requires values of Requires-Dist
 * @param record replaces the correct RECORD
 * @returns its path
 */
export function writeWheel(
  directory: string,
  name: string,
  files: Files,
  { requires = [], record, zip64 }: { requires?: string[]; record?: string; zip64?: boolean } = {},
): string {
  const [project, version] = name.split('-');
  const about = `${project}-${version}.dist-info`;
  const metadata = [
    'Metadata-Version: 2.4',
    `Name: ${project}`,
    ...requires.map((each) => `Requires-Dist: ${each}`),
  ];
  mkdirSync(directory, { recursive: true });
  const path = join(directory, name);
  writeFileSync(
    path,
    zip(
      {
        ...files,
        [`${about}/METADATA`]: `${metadata.join('\n')}\n`,
        [`${about}/RECORD`]: record ?? Object.entries(files).map(recordLine).join(''),
      },
      zip64,
    ),
  );
  return path;
}

/** Simulates pip: copies wheels from a folder and logs its arguments. */
const FAKE_PIP = `#!/bin/sh
index='INDEX'
echo "$*" >> "$index/log"
if [ "$1" = -c ]; then cat "$index/installed" 2>/dev/null; exit 0; fi
if [ "$3" = --version ]; then echo "pip 24.0 from somewhere (python 3.11)"; exit 0; fi
if [ -f "$index/stderr" ]; then cat "$index/stderr" >&2; exit 1; fi
if [ -f "$index/slow" ]; then exec sleep 60; fi
shift 3
while [ $# -gt 0 ]; do
  case "$1" in
    --dest) dest=$2; shift ;;
    --*) ;;
    *)
      project=$(echo "$1" | sed 's/[<>=].*//; s/-/_/g')
      version=$(echo "$1" | sed -n 's/.*==/-/p')
      for wheel in "$index/$project$version"*.whl; do
        [ -f "$wheel" ] || { echo "ERROR: No matching distribution found for $1" >&2; exit 1; }
        echo "Downloading $(basename "$wheel")"
        [ -f "$dest/$(basename "$wheel")" ] || cp "$wheel" "$dest"
      done ;;
  esac
  shift
done
`;

/**
 * Creates a folder for PATH whose `python3` serves the wheels of another folder.
 *
 * @param index folder of wheels; may hold `stderr` (pip fails with it), `slow` (pip hangs) and `installed` (what pip lists)
 */
export function writeFakePython(directory: string, index: string): string {
  mkdirSync(directory, { recursive: true });
  mkdirSync(index, { recursive: true });
  const path = join(directory, 'python3');
  writeFileSync(path, FAKE_PIP.replace('INDEX', index));
  chmodSync(path, 0o755);
  return directory;
}
