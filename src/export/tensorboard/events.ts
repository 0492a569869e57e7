/** @file TensorFlow's event files. Field numbers are those of event.proto and summary.proto (tensorflow/tensorboard). */

import { double, encode, float, integer, message, text } from '../protobuf.js';
import { recordBytes } from './records.js';

/** A value at a step. */
export interface Scalar {
  readonly tag: string;
  readonly step: number;
  /** When it was measured, in seconds since 1970. */
  readonly time: number;
  readonly value: number;
}

/**
 * The name of every event file. TensorBoard needs the middle part; a constant name, without time and host as others have,
 * makes a second export replace the first.
 */
export const EVENT_FILE = 'events.out.tfevents.0.wnlstm';

/**
 * Encodes an event file.
 *
 * @param start the time of the first event, in seconds since 1970
 * @param metadata encoded values (`Summary.Value`) that are not scalars
 */
export function eventFile(
  start: number,
  scalars: readonly Scalar[],
  metadata: readonly Uint8Array[] = [],
): Uint8Array {
  const events = [
    encode(double(1, start), text(3, 'brain.Event:2')),
    ...metadata.map((value) => encode(double(1, start), message(5, value))),
    ...scalars.map(({ tag, step, time, value }) =>
      encode(double(1, time), integer(2, step), message(5, message(1, text(1, tag), float(2, value)))),
    ),
  ];
  return Buffer.concat(events.map(recordBytes));
}
