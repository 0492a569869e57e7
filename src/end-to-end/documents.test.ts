/** @file Checks the documents: the program accepts their commands, their links have targets, their tables are complete. */

import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { after, before, test } from 'node:test';
import { Command, CommanderError } from '@commander-js/extra-typings';
import { Chalk } from 'chalk';
import { COMMANDS } from '../commands/list.js';
import { configKeys, flagName } from '../config.js';
import { imageAt } from '../data/grey-image.js';
import { writeTinyDataset } from '../data/idx.testing.js';
import { readDataset } from '../data/mnist.js';
import { encodePng } from '../data/png.js';
import { EXIT } from '../errors.js';
import { packageRoot } from '../package.js';
import { STOP_SIGNALS } from '../signals.js';
import { decided } from '../sweep/decided.testing.js';
import { parseSweep } from '../sweep/grid.js';
import { createInProcessExecutor } from '../sweep/job.js';
import { freeze, plannedRuns, writePlan } from '../sweep/plan.js';
import { runSweep } from '../sweep/scheduler.js';
import type { Io, Run } from '../terminal/io.js';
import { argumentsOf, documents, inlineCode, pages, shellLines, texts } from './documents.testing.js';

const lines = documents.flatMap(shellLines);
const commands = lines.filter(({ text }) => text.startsWith('wnlstm '));

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-documents-'));
after(() => {
  process.chdir(packageRoot);
  rmSync(scratch, { recursive: true });
});

/** Settings with which a run takes milliseconds. */
const data = writeTinyDataset(join(scratch, 'data'));
const tiny = { data, units: 2, batch: 16, epochs: 1, logEvery: 1, backend: 'wasm', device: 'cpu' } as const;
const tinyFlags = Object.entries(tiny).flatMap(([key, value]) => [
  `--${flagName(key as keyof typeof tiny)}`,
  String(value),
]);
/** Separate folders for single runs and for sweeps, so that the newest in `runs/` is what a page refers to. */
const [loose, swept] = [join(scratch, 'loose'), join(scratch, 'swept')];
/** The run that the pages name. */
const NAMED = /\bwn-clip0\.5-s0-[0-9a-f]{8}\b/;
let named = '';

before(async () => {
  for (const folder of [loose, swept]) {
    mkdirSync(folder);
    cpSync(join(packageRoot, 'configs'), join(folder, 'configs'), { recursive: true });
  }
  const example = /```json\n(\{\n {2}"name": "rates".*?)```/s.exec(texts.get('docs/sweeps.md')!);
  const article = readFileSync(join(packageRoot, 'configs/sweeps/article.json'), 'utf8');
  for (const [text, seeds] of [
    [example![1]!, 2],
    [article, 6],
  ] as const) {
    parseSweep(JSON.parse(text), 'the example');
    await makeSweep({ ...JSON.parse(text), seeds });
  }
  process.chdir(loose);
  await run(['train', '--config', 'configs/wn-clip.json', ...tinyFlags]);
  named = readdirSync('runs')[0]!;
  writeFileSync('7.png', encodePng(imageAt(readDataset(data).test, 0)));
});

/** Trains a sweep file on the tiny data, in this process. */
async function makeSweep(file: Record<string, unknown> & { name?: string; base?: object }): Promise<void> {
  const small = { ...file, base: { ...file.base, ...tiny } };
  writeFileSync(join(swept, `${file.name}.json`), JSON.stringify(small));
  const sweep = parseSweep(small, 'the example');
  const plan = freeze(decided(sweep), readDataset(data).checksums, '2026-01-01T00:00:00.000Z');
  const folder = join(swept, 'runs', sweep.name);
  const never = { failFast: false, signal: new AbortController().signal };
  await runSweep(plannedRuns(plan), folder, createInProcessExecutor(1), never, () => {});
  writePlan(folder, plan);
}

/** Creates the parser of a command; it throws where the program would exit. */
async function parser(name: string, io: Io, run: Run): Promise<Command> {
  const found = COMMANDS.find((command) => command.name === name);
  assert.ok(found, `there is no command ${name}`);
  const { configure } = await found.load();
  const command = new Command(name).configureOutput({ writeErr: () => {} }).exitOverride();
  configure(command, io, run);
  for (const child of command.commands) child.copyInheritedSettings(command);
  return command;
}

/** Runs a command in this process, and fails unless its exit code is 0, or 3 with `--fail-on`. */
async function run(args: readonly string[], signal = new AbortController().signal): Promise<void> {
  let code = 0;
  const io: Io = {
    out: () => {},
    err: () => {},
    outColor: new Chalk({ level: 0 }),
    errColor: new Chalk({ level: 0 }),
    outWidth: null,
    terminal: null,
    ask: null,
    signal,
    argv: args,
  };
  const keepCode: Run =
    (action) =>
    async (...given) => {
      code = await action(...given);
    };
  await (await parser(args[0]!, io, keepCode)).parseAsync(args.slice(1), { from: 'user' });
  const accepted: number[] = args.includes('--fail-on') ? [EXIT.done, EXIT.refused] : [EXIT.done];
  if (!signal.aborted) assert.ok(accepted.includes(code), `exit code ${code}`);
}

/** Parses a command without running it, which checks its options and their values. */
async function parse(args: readonly string[]): Promise<void> {
  const command = await parser(args[0]!, {} as Io, () => async () => {});
  for (const each of [command, ...command.commands]) each.action(() => {});
  await command.parseAsync(args.slice(1), { from: 'user' });
}

/** Commands that are parsed only, because they need a network, a GPU or minutes, or run until they are stopped. */
const PARSED_ONLY = ['setup', 'data', 'bench', 'doctor', 'watch'];

/** Checks a command of a page: parses it, and runs it where that is cheap. */
async function tryCommand(args: readonly string[]): Promise<void> {
  const [name = ''] = args;
  await parse(args);
  if (PARSED_ONLY.includes(name)) return;
  const inSweeps = ['compare', 'plot', 'sweep', 'watch', 'work'].includes(name) || args.includes('article');
  process.chdir(inSweeps ? swept : loose);
  if (name === 'train') {
    await run([...args, '--print-config']);
    if (!args.includes('--print-config')) await run([...args, ...tinyFlags]);
  } else if (name === 'sweep') await run([...args, '--dry-run', '--json']);
  else {
    if (name === 'resume') await interrupt();
    await run(args.map((argument) => argument.replace(NAMED, named)));
  }
}

let interrupted = 0;

/** Creates an unfinished run. */
async function interrupt(): Promise<void> {
  const stop = new AbortController();
  stop.abort(STOP_SIGNALS.SIGINT);
  await run(['train', ...tinyFlags, '--seed', String(++interrupted)], stop.signal);
}

test('the program accepts every command in the blocks of the documents, and runs the cheap ones', async () => {
  assert.ok(commands.length > 50, 'the blocks are found');
  for (const { document, text } of commands) {
    await assert.doesNotReject(tryCommand(argumentsOf(text)), `${document}: ${text}`);
  }
});

test('the program accepts every command in the text of the documents, except for missing arguments', async () => {
  for (const document of documents) {
    for (const code of inlineCode(document).filter((each) => /^wnlstm [a-z]/.test(each))) {
      const args = argumentsOf(code);
      if (args[0] === 'help') {
        assert.ok(args[1] === 'TOPIC' || pages.includes(`${args[1]}.md`), `${document}: ${code}`);
        continue;
      }
      try {
        await parse(args);
      } catch (error) {
        const leftOut = [
          'commander.missingArgument',
          'commander.missingMandatoryOptionValue',
          'commander.help',
        ];
        assert.ok(
          error instanceof CommanderError && leftOut.includes(error.code),
          `${document}: ${code}: ${error}`,
        );
      }
    }
  }
});

test('every npm script, file and option that a document names exists', async () => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  const flags = new Set(['--full', '--only', '--parts', '--version', '--help']); // of scripts and of npm
  for (const { name } of COMMANDS) {
    const command = await parser(name, {} as Io, () => async () => {});
    for (const { options } of [command, ...command.commands])
      for (const { long } of options) flags.add(long!);
  }
  for (const document of documents) {
    const codes = [...inlineCode(document), ...shellLines(document).map(({ text }) => text)];
    for (const code of codes) {
      const where = `${document}: ${code}`;
      for (const [, script] of code.matchAll(/\bnpm run ([a-z:]+)/g)) assert.ok(script! in scripts, where);
      for (const [path] of code.matchAll(/(?<![\w/.~-])(?:scripts|src|configs|docs|\.ci)\/[\w./-]*\w/g)) {
        const candidates = [path, posix.join(posix.dirname(document), path)];
        assert.ok(
          candidates.some((each) => existsSync(join(packageRoot, each))),
          where,
        );
      }
      const [, flag] = /^(--[a-z-]+)/.exec(code) ?? [];
      if (flag) assert.ok(flags.has(flag), where);
    }
  }
});

/** The anchor that GitHub gives to a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(document: string): string[] {
  const prose = readFileSync(join(packageRoot, document), 'utf8').replace(/^```.*?^```$/gms, '');
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
}

test('every relative link in the documents has a target file, and a target heading if it has an anchor', () => {
  for (const document of documents) {
    for (const [, link] of texts.get(document)!.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link!)) continue;
      const [path = '', anchor] = link!.split('#');
      const target = path === '' ? document : posix.join(dirname(document), path);
      assert.ok(existsSync(join(packageRoot, target)), `${document} links to ${link}`);
      if (anchor) assert.ok(anchorsOf(target).includes(anchor), `${document} links to ${link}`);
    }
  }
});

test('docs/training.md has every key of a config with its flag, and every exit code', () => {
  const training = texts.get('docs/training.md')!;
  for (const key of configKeys) {
    assert.ok(
      training.includes(`\n| \`${key}\` | \`--${flagName(key)}\` |`),
      `the table of keys lacks ${key}`,
    );
  }
  for (const code of new Set([...Object.values(EXIT), ...Object.values(STOP_SIGNALS)])) {
    assert.ok(training.includes(`\n| ${code} | `), `the table of exit codes lacks ${code}`);
  }
});

test('every page starts with what its reader can do, and both READMEs link to it', () => {
  for (const page of pages) {
    assert.match(texts.get(`docs/${page}`)!, /^# .+\n\nAfter reading this page you /, page);
    for (const readme of ['README.md', 'README.ja.md']) {
      assert.ok(texts.get(readme)!.includes(`](docs/${page})`), `${readme} lacks ${page}`);
    }
  }
});

test('README.md has at most 130 lines, and README.ja.md the same commands', () => {
  assert.ok(texts.get('README.md')!.trimEnd().split('\n').length <= 130);
  const ofReadme = (name: string): string[] =>
    shellLines(name).map(({ text }) => text.replace(/\s+#.*$/, ''));
  assert.deepEqual(ofReadme('README.ja.md'), ofReadme('README.md'));
});
