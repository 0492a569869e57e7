/**
 * @file Times one training step of the same model in wnlstm and in other frameworks: `node scripts/peers/bench.mjs --help`.
 * README.md in this folder describes the method.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ORDER_LENGTH, runCase, writeCase } from './case.mjs';
import { killAll, run } from './client.mjs';
import { contenders, install } from './contenders.mjs';

const USAGE = `Times one training step in wnlstm, PyTorch, Keras, JAX and TensorFlow.js.

  node scripts/peers/bench.mjs [options]

  --units 100      hidden units, or several: 100,256,512
  --batch 64       examples per step
  --threads 1,2    numbers of threads
  --model base,wn  plain weights, weight normalisation, or both
  --only ours,jax  only these contenders, by name or by the part before the dash: ${contenders.map(({ name }) => name).join(', ')}
  --rounds 7       timed rounds
  --steps 50       maximum number of steps per round
  --json FILE      also writes all numbers to a file
`;

const say = (text) => process.stderr.write(`${text}\n`);

const fail = (text) => {
  say(text);
  process.exit(2);
};

const readOptions = () => {
  const defaults = { units: '100', batch: '64', threads: '1,2', model: 'base,wn', rounds: '7', steps: '50' };
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, { type: 'string', default: value }]),
  );
  let values;
  try {
    ({ values } = parseArgs({
      options: { ...options, only: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean' } },
    }));
  } catch (error) {
    fail(`${error.message}\n\n${USAGE}`);
  }
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const numbers = (name, max = 1e6) =>
    values[name].split(',').map((text) => {
      const number = Number(text);
      if (Number.isInteger(number) && number >= 1 && number <= max) return number;
      return fail(`--${name}: expected an integer from 1 to ${max}, got '${text}'.`);
    });
  const models = values.model.split(',');
  for (const model of models)
    if (!['base', 'wn'].includes(model)) fail(`--model: expected base or wn, got '${model}'.`);
  const selected = values.only?.split(',') ?? [''];
  const matches = (name, each) => each === '' || name === each || name.startsWith(`${each}-`);
  for (const each of selected)
    if (!contenders.some(({ name }) => matches(name, each))) fail(`--only: unknown contender '${each}'.`);
  return {
    units: numbers('units'),
    batch: numbers('batch', 55_000)[0],
    threads: numbers('threads', 1024),
    models,
    contenders: contenders.filter(({ name }) => selected.some((each) => matches(name, each))),
    rounds: numbers('rounds')[0],
    steps: numbers('steps', ORDER_LENGTH)[0],
    json: values.json,
  };
};

const table = (results) => {
  const oursWith = (threads) =>
    results.find((result) => result.contender === 'ours-native' && result.threads === threads);
  const rows = results.map(({ contender, version, threads, median, min, max }) => {
    const ours = oursWith(threads);
    const ratio = ours ? `${(median / ours.median).toFixed(2)}x` : '';
    const spread = `${min.toFixed(2)}–${max.toFixed(2)}`;
    return `| ${contender} | ${version} | ${threads} | ${median.toFixed(2)} | ${spread} | ${ratio} |`;
  });
  return [
    '| contender | version | threads | ms per step (median) | min–max | relative to ours-native |',
    '|---|---|--:|--:|--:|--:|',
    ...rows,
  ].join('\n');
};

const main = async () => {
  const options = readOptions();
  const folder = mkdtempSync(join(tmpdir(), 'wnlstm-peers-'));
  process.on('exit', () => {
    killAll();
    rmSync(folder, { recursive: true, force: true });
  });
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));

  const failures = [];
  for (const environment of new Set(options.contenders.flatMap(({ environment }) => environment ?? []))) {
    try {
      await install(environment, say);
    } catch (error) {
      const failure = `${environment} could not be installed: ${error.message}`;
      say(failure);
      failures.push(failure);
      options.contenders = options.contenders.filter((contender) => contender.environment !== environment);
    }
  }

  const load = loadavg()[0];
  const cases = [];
  for (const units of options.units) {
    for (const model of options.models) {
      const title = `${units} units, ${model}`;
      const report = (text) => say(`${title}: ${text}`);
      const refuse = (text) => {
        report(text);
        failures.push(`${title}: ${text}`);
      };
      const casePath = writeCase(folder, { units, batch: options.batch, model });
      const results = await runCase(casePath, options, report, refuse);
      cases.push({ units, model, batch: options.batch, results });
      process.stdout.write(`\n### ${title}, batch ${options.batch}\n\n${table(results)}\n`);
    }
  }

  const machine = {
    cpu: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores`,
    load: `${load.toFixed(2)} at the start`,
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    python: await run(['python3', '--version']).catch(() => 'none'),
    date: new Date().toISOString().slice(0, 10),
    command: `node scripts/peers/bench.mjs ${process.argv.slice(2).join(' ')}`.trim(),
  };
  const lines = Object.entries(machine).map(([name, value]) => `- ${name}: ${value}`);
  process.stdout.write(`\n${[...lines, ...failures.map((failure) => `- ${failure}`)].join('\n')}\n`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine, failures, cases }, null, 2)}\n`);
  process.exit(0); // also ends running workers
};

await main();
