/** @file The formats of exports: which files a run becomes in each. */

import { join } from 'node:path';
import { npzBytes } from './npz.js';
import { onnxBytes } from './onnx.js';
import type { ExportedRun } from './select-runs.js';
import { eventFiles } from './tensorboard/tensorboard.js';
import { tfjsFiles } from './tfjs.js';
import { readWeights } from './weights.js';
import type { OutputFile } from './write-files.js';

/** The names of the formats. */
export const exportFormats = ['tensorboard', 'csv', 'npz', 'tfjs', 'onnx'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** A format in which each run has files of its own. */
export type RunFormat = Exclude<ExportFormat, 'csv'>;

/** Whether a format needs the final weights of a run. */
export function needsWeights(format: ExportFormat): boolean {
  return format === 'npz' || format === 'tfjs' || format === 'onnx';
}

/** The path of a run's file or folder among several runs. */
export function targetOf(folder: string, { name }: ExportedRun, format: RunFormat): string {
  return join(folder, format === 'npz' || format === 'onnx' ? `${name}.${format}` : name);
}

/**
 * Makes the files of a run.
 *
 * @param target the path of the file, or of the folder
 * @throws {UserError} E_CHECKPOINT if the format needs weights and they cannot be read
 */
export function filesOf(exported: ExportedRun, target: string, format: RunFormat): OutputFile[] {
  switch (format) {
    case 'npz':
      return [{ path: target, parts: [npzBytes(readWeights(exported.run))] }];
    case 'onnx':
      return [{ path: target, parts: [onnxBytes(exported.run)] }];
    case 'tfjs':
      return inFolder(target, tfjsFiles(exported.run));
    case 'tensorboard':
      return inFolder(target, eventFiles(exported));
    default:
      return format satisfies never;
  }
}

function inFolder(folder: string, contents: Readonly<Record<string, string | Uint8Array>>): OutputFile[] {
  return Object.entries(contents).map(([name, content]) => ({ path: join(folder, name), parts: [content] }));
}
