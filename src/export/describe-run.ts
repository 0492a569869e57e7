/** @file What exported models say about their run. */

import { packageVersion } from '../package.js';
import type { FoundRun } from '../runs/reading.js';

/** Facts about a run, for the metadata of a model file. */
export interface Description {
  /** A sentence about the input and the output. */
  readonly description: string;
  /** Texts by name. */
  readonly properties: Readonly<Record<string, string>>;
  /** The version of this program. */
  readonly version: string;
}

/** Describes a run. Folders of this machine are left out, as they would only confuse elsewhere. */
export function describeRun({ record, config, summary }: FoundRun): Description {
  const { data: _, threads: __, ...settings } = config;
  return {
    description:
      'Input: grey images, pixels divided by 255, read row by row. Output: the probability of each class.',
    properties: {
      run_id: record.run_id,
      config: JSON.stringify(settings),
      arithmetic: record.arithmetic,
      weights_sha256: summary?.weights_sha256 ?? '',
      test_accuracy: String(summary?.test_accuracy ?? ''),
      started_at: record.started_at,
    },
    version: packageVersion(),
  };
}
