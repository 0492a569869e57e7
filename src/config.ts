/** @file One schema is type, defaults, check, flags and JSON Schema of a run's configuration. */

import { z } from 'zod';
import { UserError } from './errors.js';
import { nearest } from './text/nearest.js';

/** The range of float32, in round numbers: beyond it a value would be 0 or infinite where it is computed with. */
const [SMALLEST, LARGEST] = [1e-37, 1e38];

/** The backends, in the order of messages. */
export const BACKENDS = ['native', 'wasm', 'tensorflow', 'js'] as const;

/** Every key of a config, with its meaning, range and default. */
export const configSchema = z.strictObject({
  model: z.enum(['base', 'wn']).default('wn').describe('base LSTM, or wn: with weight normalisation'),
  units: z.number().int().min(1).max(4096).default(100).describe('LSTM units'),
  // Without an upper limit: a rate that is too large diverges, which is a result.
  lr: z.number().min(SMALLEST).describe('learning rate').default(0.1),
  batch: z.number().int().min(1).max(65_536).default(64).describe('examples a step'),
  clip: positive('largest gradient norm or value; none: no clipping').nullable().default(null),
  clipMode: z
    .enum(['norm', 'global-norm', 'value'])
    .default('norm')
    .describe('what clip limits: each variable (norm), all together (global-norm), each element (value)'),
  columnNorm: positive('initial norm of each LSTM weight column: sets g of wn, rescales base')
    .nullable()
    .default(null),
  epochs: count('epochs, each floor(training examples / batch) steps').default(5),
  steps: count('steps; if set, replaces epochs').nullable().default(null),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe('seed of initial values and batches'),
  forgetBias: z.number().min(-LARGEST).max(LARGEST).default(1).describe("added to the forget gate's input"),
  optimizer: z.enum(['adam', 'sgd']).default('adam').describe('update rule'),
  logEvery: count('steps between rows of steps.csv').default(10),
  backend: z
    .enum(['auto', ...BACKENDS])
    .default('auto')
    .describe('what computes; auto: the fastest there is'),
  device: z
    .enum(['auto', 'cpu', 'cuda'])
    .default('auto')
    .describe('where it computes; auto: cuda for tensorflow, else cpu'),
  threads: z
    .number()
    .int()
    .min(1)
    .max(256)
    .nullable()
    .default(null)
    .describe('threads; none: one for each core'),
  data: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('folder of four IDX files; none: the bundled MNIST'),
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

/** Where the value of a key came from. */
export type Source = 'default' | 'file' | 'flag';

export const configKeys = Object.keys(configSchema.shape) as ConfigKey[];

interface JsonSchema {
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  anyOf?: JsonSchema[];
}

/** The config that an empty file gives. */
export function defaultConfig(): Config {
  return configSchema.parse({});
}

/** A flag's text as a JSON value: numbers and `none` (or `null`) are recognised where the key takes them. */
export function parseFlag(key: ConfigKey, text: string): unknown {
  const schema = configSchema.shape[key];
  if ((text === 'none' || text === 'null') && schema.safeParse(null).success) return null;
  const number = Number(text);
  return text.trim() !== '' && !Number.isNaN(number) && key !== 'data' ? number : text;
}

/** What a key means, and its default. */
export function describeKey(key: ConfigKey): { description: string; defaultValue: unknown } {
  const schema = configSchema.shape[key];
  const inner = schema.unwrap();
  const innermost = inner instanceof z.ZodNullable ? inner.unwrap() : inner;
  const description = schema.description ?? inner.description ?? innermost.description ?? key;
  return { description, defaultValue: schema.parse(undefined) };
}

/**
 * Flags over config file over defaults.
 *
 * @param flags values given on the command line, by key
 * @returns the config, and where each value came from
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

/** `clipMode` as it is written on the command line: `clip-mode`. */
export function flagName(key: ConfigKey): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * Checks a config and fills in its defaults.
 *
 * @param input keys and values of unknown origin
 * @param where named in the error
 * @param name how a key is called there: as it is in a file, `--kebab-case` on the command line
 * @throws {UserError} E_CONFIG with all problems at once
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
    hint: 'See `wnlstm train --help` or configs/schema.json for every key.',
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

/** What one problem found by zod means, in this program's words. */
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

/** The values that a key takes, in words; `nothing` is how null is written there. */
export function expectedValue(key: ConfigKey, nothing: 'null' | 'none'): string {
  const schema = configSchema.shape[key];
  const json = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
  const plain = json.anyOf?.find((option) => option.type !== 'null') ?? json;
  const orNone = json.anyOf ? ` or ${nothing}` : '';
  if (plain.enum) return `one of ${plain.enum.join(', ')}${orNone}`;
  if (plain.type === 'string') return `text${orNone}`;
  const kind = plain.type === 'integer' ? 'a whole number' : 'a number';
  const to = plain.maximum === undefined ? '' : ` to ${plain.maximum}`;
  return `${kind} from ${plain.minimum}${to}${orNone}`;
}

/** The JSON Schema of a config file, for editors. */
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
