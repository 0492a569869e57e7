// The report of scripts/test.mjs: failures with their places in the source, and skipped tests grouped by reason.
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const LINES = 20;
const COLUMNS = 200;
const NAMES = 3;

/** The source of a place in a compiled file, such as `src/x.test.ts:12`; without a source map, the place itself. */
const sourceOf = (file, line, column) => {
  const entry = existsSync(`${file}.map`)
    ? new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8'))).findEntry(line - 1, column - 1)
    : {};
  if (entry.originalSource === undefined) return `${relative(process.cwd(), file)}:${line}`;
  const source = fileURLToPath(new URL(entry.originalSource, pathToFileURL(file)));
  return `${relative(process.cwd(), source)}:${entry.originalLine + 1}`;
};

/** The stack frames in the folder of the tests, as `{ file, place }`, innermost first. */
const framesOf = (stack, folder) =>
  [...stack.matchAll(/^ +at .*?((?:file:\/\/)?(?:\/|[A-Z]:\\)[^()]*?):(\d+):(\d+)\)?$/gm)]
    .map(([, path, line, column]) => [path.startsWith('file:') ? fileURLToPath(path) : path, line, column])
    .filter(([file]) => file.startsWith(folder))
    .map(([file, line, column]) => ({ file, place: sourceOf(file, Number(line), Number(column)) }));

/** The first lines (or the last, with `keepEnd`) of a long text, such as the difference of two arrays. */
const cut = (text, full, name, keepEnd) => {
  const lines = stripVTControlCharacters(text).trimEnd().split('\n');
  if (full) return lines;
  const kept = keepEnd ? lines.slice(-LINES) : lines.slice(0, LINES);
  const shown = kept.map((line) => (line.length > COLUMNS ? `${line.slice(0, COLUMNS)} …` : line));
  const cutLines = lines.length - kept.length;
  const isCut = cutLines > 0 || kept.some((line) => line.length > COLUMNS);
  if (!isCut) return shown;
  const left = cutLines > 0 ? `${cutLines} more lines` : 'longer lines';
  return [...shown, `… ${left}; to see all: npm test -- --full ${name.replace(/\.m?js$/, '')}`];
};

const howItEnded = ({ exitCode, signal }) => {
  if (signal) return `The file was ended by ${signal}.`;
  return exitCode === undefined ? '' : `The file ended with exit code ${exitCode}.`;
};

const describe = ({ name, file, title, test, error, output }, folder, full) => {
  const cause = error.cause ?? error;
  const frames = framesOf(cause.stack ?? '', folder);
  const own = frames.find((frame) => frame.file === file)?.place;
  const place = own ?? sourceOf(file, test?.line ?? 1, test?.column ?? 1);
  const message = String(cause.message ?? cause);
  const named = !cause.name || cause.code === 'ERR_ASSERTION' ? message : `${cause.name}: ${message}`;
  const ending = title === null ? howItEnded(error) : '';
  const others = frames.map((frame) => frame.place).filter((other) => other !== place);
  return [
    `FAILED ${place}  ${title ?? 'the file itself'}`,
    ...(ending ? [`    ${ending}`] : cut(named, full, name, false).map((line) => `    ${line}`)),
    ...(output ? cut(output, full, name, true).map((line) => `    ${line}`) : []),
    ...(others.length > 0 ? [`    through ${[...new Set(others)].slice(0, 5).join(', ')}`] : []),
    '',
  ];
};

const skippedLines = (skips, brief) => {
  const reasons = new Map();
  for (const { title, reason } of skips) {
    const key = typeof reason === 'string' && reason ? reason : 'no reason given';
    reasons.set(key, [...(reasons.get(key) ?? []), title]);
  }
  return [...reasons].map(([reason, titles]) => {
    const shown = brief && titles.length > NAMES ? [...titles.slice(0, NAMES), '…'] : titles;
    return `SKIPPED ${titles.length} ${titles.length === 1 ? 'test' : 'tests'}: ${reason}: ${shown.join('; ')}`;
  });
};

/**
 * Builds the report.
 *
 * @param folder the folder of the test files
 * @param failures the failed tests with test and error as Node's runner gives them; `title` is null if the file itself failed
 * @param skips titles and reasons of the skipped tests
 * @param full whether to print long messages completely
 * @param brief whether to name only a few skipped tests
 */
export const report = ({ folder, failures, skips, full, brief }) =>
  [...failures.flatMap((failure) => describe(failure, folder, full)), ...skippedLines(skips, brief)]
    .map((line) => `${line}\n`)
    .join('');
