/** @file The table of hyperparameters in TensorBoard. Field numbers are those of its plugin_data.proto and api.proto. */

import { type ConfigKey, configKeys, describeKey } from '../../config.js';
import { NOT_IDENTITY, type Status } from '../../runs/record.js';
import { double, integer, message, text } from '../protobuf.js';
import type { ExportedRun } from '../select-runs.js';

/** The metrics of the table: the sub-run, the tag in it, and the heading. */
const METRICS = [
  ['', 'test/accuracy', 'test accuracy'],
  ['', 'test/loss', 'test loss'],
  ['', 'test/best_accuracy', 'best test accuracy'],
  ['validation', 'accuracy', 'validation accuracy'],
  ['validation', 'loss', 'validation loss'],
  ['train', 'accuracy', 'training accuracy'],
  ['train', 'loss', 'training loss'],
] as const;

/** The keys of a config that are shown. The others say where and how fast the run was computed. */
const KEYS = configKeys.filter((key) => key === 'seed' || !NOT_IDENTITY.includes(key));

/** DataType and Status in api.proto. */
const [STRING, NUMBER] = [1, 3] as const;
const STATUS: Readonly<Record<Status, number>> = {
  completed: 1,
  diverged: 2,
  failed: 2,
  interrupted: 0,
  stale: 0,
  running: 3,
};

/**
 * The encoded values (`Summary.Value`) that describe a run to the table.
 *
 * @param start the start of the run, in seconds since 1970
 * @param end its end; null if it has not ended
 */
export function hparamValues(exported: ExportedRun, start: number, end: number | null): Uint8Array[] {
  const { config, status } = exported.run;
  const settings = [
    ['arm', exported.arm] as const,
    ...KEYS.map((key) => [key, config[key]] as const),
  ].flatMap(([key, value]) => (value === null ? [] : [mapEntry(key, value)])); // null is an empty cell
  const ended = [integer(1, STATUS[status]), ...(end === null ? [] : [double(2, end)])];
  return [
    pluginValue('experiment', message(2, ...experiment())),
    pluginValue('session_start_info', message(3, ...settings, double(5, start))),
    pluginValue('session_end_info', message(4, ...ended)),
  ];
}

/** The fields of an Experiment: which hyperparameters and metrics exist. */
function experiment(): Uint8Array[] {
  const arm = message(4, text(1, 'arm'), text(3, 'the arm of the sweep'), integer(4, STRING));
  const keys = KEYS.map((key) =>
    message(4, text(1, key), text(3, describeKey(key).description), integer(4, typeOf(key))),
  );
  const metrics = METRICS.map(([group, tag, title]) =>
    message(5, message(1, text(1, group), text(2, tag)), text(3, title)),
  );
  return [arm, ...keys, ...metrics];
}

function typeOf(key: ConfigKey): number {
  return ['model', 'clipMode', 'optimizer'].includes(key) ? STRING : NUMBER;
}

/** An entry of a map from names to values of google.protobuf.Value. */
function mapEntry(key: string, value: string | number): Uint8Array {
  return message(1, text(1, key), message(2, typeof value === 'number' ? double(2, value) : text(3, value)));
}

/** A value whose metadata is everything; its tensor is empty. */
function pluginValue(name: string, data: Uint8Array): Uint8Array {
  const plugin = message(1, text(1, 'hparams'), message(2, data));
  const emptyTensor = message(8, integer(1, 1), message(2)); // of float, without a shape
  return message(1, text(1, `_hparams_/${name}`), message(9, plugin), emptyTensor);
}
