/** @file The GPU kernels of each op, as scripts/fixtures/gpu_kernels.py recorded them; for tests without a GPU. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../package.js';
import { type Attribute, type Binding, TF } from '../../tensorflow/binding.js';

/** The definition of an op. A name that ends with a star is a list. */
export interface OpDefinition {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly string[];
  /** Its GPU kernels: types by attribute, and the arguments that must be in host memory. */
  readonly kernels: readonly {
    readonly types: Readonly<Record<string, readonly string[]>>;
    readonly host: readonly string[];
  }[];
}

/** The ops that the backend uses, by name. */
export function opDefinitions(): Readonly<Record<string, OpDefinition>> {
  const path = join(packageRoot, 'src/engines/tensorflow/gpu-kernels.fixture.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { ops: Record<string, OpDefinition> }).ops;
}

/** One execution of an op. */
export interface Executed {
  readonly name: string;
  readonly attributes: readonly Attribute[];
  /** Whether each input is the output of another op. */
  readonly computed: readonly boolean[];
}

/** Runs a task and records every op that it executes. */
export async function recordOps(binding: Binding, task: () => Promise<void>): Promise<Executed[]> {
  const executed: Executed[] = [];
  const made = new Set<number>();
  const { executeOp } = binding;
  binding.executeOp = (name, attributes, inputs, outputs) => {
    executed.push({ name, attributes, computed: inputs.map((id) => made.has(id)) });
    const results = executeOp(name, attributes, inputs, outputs);
    for (const { id } of results) made.add(id);
    return results;
  };
  try {
    await task();
    return executed;
  } finally {
    binding.executeOp = executeOp;
  }
}

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [TF.TF_FLOAT]: 'float',
  [TF.TF_INT32]: 'int32',
  [TF.TF_UINT8]: 'uint8',
  [TF.TF_INT8]: 'int8',
  [TF.TF_INT64]: 'int64',
  [TF.TF_BOOL]: 'bool',
  [TF.TF_HALF]: 'half',
};

/** Why an op would not run on a GPU, or would copy the output of another op to the host; null if neither. */
export function complaintAbout({ name, attributes, computed }: Executed): string | null {
  const definition = opDefinitions()[name];
  if (!definition) return `${name} is not in the fixture`;
  const unknown = attributes.find((attribute) => !definition.attributes.includes(attribute.name));
  if (unknown) return `${name} has no attribute ${unknown.name}`;
  const types = attributes
    .filter(({ type }) => type === TF.TF_ATTR_TYPE)
    .map((attribute) => [attribute.name, TYPE_NAMES[attribute.value as number]] as const);
  const kernel = definition.kernels.find((each) =>
    types.every(([attribute, type]) => each.types[attribute]?.includes(type!) ?? true),
  );
  if (!kernel) return `${name} has no GPU kernel for ${types.map((each) => each.join(' ')).join(', ')}`;
  const single = definition.inputs.length - 1;
  const names = definition.inputs.flatMap((input) =>
    input.endsWith('*') ? new Array<string>(computed.length - single).fill(input.slice(0, -1)) : [input],
  );
  const moved = names.find((input, at) => computed[at] && kernel.host.includes(input));
  // cuDNN writes host_reserved to host memory and reads it there.
  return moved && moved !== 'host_reserved' ? `${name} needs its ${moved} in host memory` : null;
}
