/** @file The configuration of a run. One schema defines the type, the defaults, the validation, the flags and the JSON Schema. */

import { z } from 'zod';
import { UserError } from './errors.js';
import { nearest } from './text/nearest.js';

/** The range of float32, rounded. A value outside of it would become 0 or infinite in the computation. */
const [SMALLEST, LARGEST] = [1e-37, 1e38];

/** The backends, in the order of messages. */
export const BACKENDS = ['native', 'wasm', 'cuda', 'tensorflow', 'js'] as const;
/** The hardware that backends compute on. */
export const DEVICES = ['cpu', 'cuda'] as const;

/** Every key of a config, with its meaning, range and default. */
export const configSchema = z.strictObject({
  model: z
    .enum(['base', 'wn'])
    .default('wn')
    .describe('model: base is a plain LSTM, wn an LSTM with weight normalisation'),
  units: z.number().int().min(1).max(4096).default(100).describe('number of LSTM units'),
  // No upper limit: with a large learning rate the run diverges, which is a result.
  lr: z.number().min(SMALLEST).describe('learning rate').default(0.1),
  batch: z.number().int().min(1).max(65_536).default(64).describe('examples per step'),
  clip: positive('clip gradients to this norm or value; none: do not clip').nullable().default(null),
  clipMode: z
    .enum(['norm', 'global-norm', 'value'])
    .default('norm')
    .describe(
      'what clip limits: the gradient norm of each variable (norm), the norm of all gradients together (global-norm), or each gradient element (value)',
    ),
  columnNorm: positive(
    'initial norm of each LSTM weight column; none: 0.1 for wn, that of the random values for base',
  )
    .nullable()
    .default(null),
  epochs: count('number of epochs; an epoch is floor(training examples / batch) steps').default(5),
  steps: count('number of steps; if set, epochs is ignored').nullable().default(null),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe('random seed of the initial weights and the batches'),
  forgetBias: z
    .number()
    .min(-LARGEST)
    .max(LARGEST)
    .default(1)
    .describe('bias added to the input of the forget gate'),
  optimizer: z.enum(['adam', 'sgd']).default('adam').describe('optimizer'),
  logEvery: count('number of steps between two rows of steps.csv').default(10),
  backend: z
    .enum(['auto', ...BACKENDS])
    .default('auto')
    .describe('backend; auto: the fastest that works here'),
  device: z
    .enum(['auto', ...DEVICES])
    .default('auto')
    .describe('device; auto: cuda for the backends cuda and tensorflow, else cpu'),
  threads: z
    .number()
    .int()
    .min(1)
    .max(256)
    .nullable()
    .default(null)
    .describe('number of threads; none: one per core'),
  data: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('folder with four IDX files; none: the bundled MNIST'),
});

/** A complete configuration. */
export type Config = z.output<typeof configSchema>;
export type ConfigKey = keyof Config;

/** A backend that computes; `auto` stands for one of them. */
export type Backend = Exclude<Config['backend'], 'auto'>;
/** The hardware that a backend computes on. */
export type Device = Exclude<Config['device'], 'auto'>;

/** A config whose backend and device are decided, as config.json and plan.json store it. */
export type ResolvedConfig = Omit<Config, 'backend' | 'device'> & {
  readonly backend: Backend;
  readonly device: Device;
};

/** The source of the value of a key. */
export type Source = 'default' | 'file' | 'flag';

export const configKeys = Object.keys(configSchema.shape) as ConfigKey[];

interface JsonSchema {
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  anyOf?: JsonSchema[];
}

/** The config in which every key has its default. */
export function defaultConfig(): Config {
  return configSchema.parse({});
}

/** The JSON value of a flag's text. Numbers, and `none` (or `null`) for a key that can be null, are recognised. */
export function parseFlag(key: ConfigKey, text: string): unknown {
  const schema = configSchema.shape[key];
  if ((text === 'none' || text === 'null') && schema.safeParse(null).success) return null;
  const number = Number(text);
  return text.trim() !== '' && !Number.isNaN(number) && key !== 'data' ? number : text;
}

/** The description of a key and its default. */
export function describeKey(key: ConfigKey): { description: string; defaultValue: unknown } {
  const schema = configSchema.shape[key];
  const inner = schema.unwrap();
  const innermost = inner instanceof z.ZodNullable ? inner.unwrap() : inner;
  const description = schema.description ?? inner.description ?? innermost.description ?? key;
  return { description, defaultValue: schema.parse(undefined) };
}

/**
 * Merges flags, config file and defaults, in this order of precedence.
 *
 * @param flags values from the command line, by key
 * @param file values from the config file, by key
 * @returns the config, and the source of each value
 */
export function resolveConfig(
  flags: Partial<Record<ConfigKey, unknown>>,
  file: Record<string, unknown> = {},
): { config: Config; sources: Record<ConfigKey, Source> } {
  const config = parseConfig(
    { ...file, ...flags },
    'Command line',
    (key) => `--${flagName(key as ConfigKey)}`,
  );
  const source = (key: ConfigKey): Source => (key in flags ? 'flag' : key in file ? 'file' : 'default');
  const sources = Object.fromEntries(configKeys.map((key) => [key, source(key)])) as Record<
    ConfigKey,
    Source
  >;
  return { config, sources };
}

/** The flag of a key, without dashes: `clip-mode` for `clipMode`. */
export function flagName(key: ConfigKey): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * Validates a config and adds the defaults.
 *
 * @param input keys and values, not yet validated
 * @param where the source of the config, for the error message
 * @param name writes a key as it appears in that source: unchanged in a file, `--kebab-case` on the command line
 * @throws {UserError} E_CONFIG that lists all problems
 */
export function parseConfig(
  input: Record<string, unknown>,
  where: string,
  name: (key: string) => string = (key) => key,
): Config {
  const result = configSchema.safeParse(input);
  if (result.success) return result.data;
  const problems = [...new Set(result.error.issues.map((issue) => explain(issue, input, name)))].join('; ');
  throw new UserError('E_CONFIG', `${where}: ${problems}.`, {
    hint: 'For a list of all keys, run `wnlstm train --help`.',
  });
}

/**
 * Checks a stored config, whose backend must be decided. The device `auto` is cuda for tensorflow, cpu for the other backends.
 *
 * @throws {UserError} E_CONFIG with all problems at once
 */
export function parseResolvedConfig(input: Record<string, unknown>, where: string): ResolvedConfig {
  const config = parseConfig(input, where);
  const { backend } = config;
  const device = config.device === 'auto' ? (backend === 'tensorflow' ? 'cuda' : 'cpu') : config.device;
  if (backend !== 'auto') return { ...config, backend, device };
  throw new UserError('E_CONFIG', `${where}: backend: expected the backend of the run, got auto.`, {
    hint: 'run.json names the backend.',
  });
}

/** The message for a problem that zod found. */
function explain(
  issue: z.core.$ZodIssue,
  input: Record<string, unknown>,
  name: (key: string) => string,
): string {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `unknown key ${name(key)}${nearest(key, configKeys, name)}`).join('; ');
  }
  const key = String(issue.path[0]);
  return `${name(key)}: expected ${expectedValue(key as ConfigKey, name(key) === key ? 'null' : 'none')}, got ${describe(input[key])}`;
}

function describe(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing');
}

/** A description of the values that a key accepts; `nothing` is how null is written. */
export function expectedValue(key: ConfigKey, nothing: 'null' | 'none'): string {
  const schema = configSchema.shape[key];
  const json = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
  const plain = json.anyOf?.find((option) => option.type !== 'null') ?? json;
  const orNone = json.anyOf ? ` or ${nothing}` : '';
  if (plain.enum) return `one of ${plain.enum.join(', ')}${orNone}`;
  if (plain.type === 'string') return `text${orNone}`;
  const kind = plain.type === 'integer' ? 'a whole number' : 'a number';
  const { minimum, maximum } = plain;
  const range = maximum === undefined ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  return `${kind} ${range}${orNone}`;
}

/** The JSON Schema of a config file, which editors use for completion. */
export function configJsonSchema(): object {
  const editorKey = { $schema: z.string().optional() };
  return { title: 'wnlstm config', ...z.toJSONSchema(configSchema.extend(editorKey), { io: 'input' }) };
}

function count(description: string) {
  return z.number().int().min(1).max(1_000_000_000).describe(description);
}

function positive(description: string) {
  return z.number().min(SMALLEST).max(LARGEST).describe(description);
}
