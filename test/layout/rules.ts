/**
 * The rules of STYLE.md that text can show, each a pure function from sources to the places that break it. The other
 * rules are for review.
 */

import { posix } from 'node:path';
import { JOB_KINDS, JOBS } from '../../src/protocol/jobs/jobs.js';
import { TEST_SUFFIXES } from '../run.js';
import { INNER_FOLDERS, ROOMS, roomOf } from './rooms.js';
import { blank, type Source } from './source.js';

const FILE_LINES_MAX = 300;
/** Without the functions within it, a function fits a screen. */
const FUNCTION_LINES_MAX = 70;
/** With the functions within it: what shares its variables is read as one. */
const FACTORY_LINES_MAX = 100;
const LINE_COLUMNS_MAX = 120;

const KEBAB = /^[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/;
const SUFFIXES = [...TEST_SUFFIXES, '.bench.ts', '.d.ts', '.ts'];
const VAGUE_NAMES = ['utils', 'util', 'common', 'shared', 'helpers', 'helper', 'misc'];

/** Lines that open a body, in formatted code with strings blanked: function, arrow, end of parameters, method. */
const OPENS_FUNCTION = [
  /\bfunction\b.*\{$/,
  /=> \{$/,
  /^\s*\)(?:: .+)? \{$/,
  /^\s*\}: .*\{$/,
  /^\s+(?!(?:if|for|while|switch|catch|with)\b)(?:(?:static|async|get|set|private|override) )*\*?#?\w+(?:<.*>)?\(.*\{$/,
];

export function longLines(sources: readonly Source[]): string[] {
  return linesOf(
    sources,
    ({ text }) => text,
    (line) => line.length > LINE_COLUMNS_MAX && `${line.length} columns`,
  );
}

export function longFiles(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const lineCount = text.trimEnd().split('\n').length;
    return lineCount > FILE_LINES_MAX ? [`${path}: ${lineCount} lines`] : [];
  });
}

/** Counts from the line that opens the body to the one that closes it, without and with inner functions. */
export function longFunctions(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const lines = blank(text).split('\n');
    const opens = (index: number): boolean => OPENS_FUNCTION.some((pattern) => pattern.test(lines[index] ?? ''));
    return lines.flatMap((_line, index) => {
      if (!opens(index)) return [];
      const whole = bodyLines(lines, index);
      let own = whole;
      for (let inner = index + 1; inner < index + whole; inner++) {
        if (!opens(inner)) continue;
        const nested = bodyLines(lines, inner);
        own -= nested;
        inner += Math.max(0, nested - 1);
      }
      if (whole > FACTORY_LINES_MAX) return [`${path}:${index + 1}: a function of ${whole} lines with those within it`];
      return own > FUNCTION_LINES_MAX ? [`${path}:${index + 1}: a function of ${own} lines`] : [];
    });
  });
}

/** Escapes from the type checker, and promises without an owner. */
export function escapes(sources: readonly Source[]): string[] {
  const inCode = linesOf(sources, codeOf, (line) => /(?<![.\w])any\b(?!\()/.test(line) && 'any');
  const inComments = linesOf(
    sources,
    ({ text }) => text,
    (line) => {
      if (/@ts-(?:ignore|expect-error|nocheck)/.test(line)) return 'a switched off check';
      return /\bTODO\b(?!\((?:#\d+|https:))/.test(line) && 'work left without an issue';
    },
  );
  return [...inCode, ...inComments];
}

/** `process.env` and `process.exit` belong to `main.ts`; `exitCode` too. */
export function processEdges(sources: readonly Source[]): string[] {
  // The last one ends a thread on purpose, and runs only in a test's process.
  const mayEnd = ['src/main.ts', 'src/worker/jobs/test.ts'];
  const others = sources.filter(({ path }) => path.startsWith('src/') && !mayEnd.includes(path));
  return linesOf(others, codeOf, (line) => /\bprocess\s*\??\.\s*(?:env|exit|exitCode)\b/.exec(line)?.[0] ?? false);
}

export function defaultExports(sources: readonly Source[]): string[] {
  // piscina loads the default export of a file.
  const mayHave = ['src/worker/entry.ts', 'test/pool/pool-entry.ts', 'test/pool/threads-entry.ts'];
  const others = sources.filter(({ path }) => !mayHave.includes(path));
  const isDefault = /^export default\b|^export \{.*\bas default\b/;
  return linesOf(others, codeOf, (line) => isDefault.test(line) && 'a default export');
}

/** A `let` at the top level is state that every importer shares. */
export function moduleState(sources: readonly Source[]): string[] {
  const ours = sources.filter(({ path }) => path.startsWith('src/'));
  return linesOf(ours, codeOf, (line) => /^(?:export )?(?:let|var)\b/.test(line) && 'state of a module');
}

export function missingOpenings(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path, text }) => path.startsWith('src/') && !/^(?:#!.*\n)?(?:\/\*\*|\/\/)/.test(text))
    .map(({ path }) => `${path}: does not open with a comment`);
}

/** Names that say nothing, barrels, and names that are not kebab-case. */
export function badNames(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path }) => {
    const file = posix.basename(path);
    const words = path.split('/').map((part) => part.replace(/(?:\.\w+)*\.ts$/, ''));
    const vague = words.find((word) => VAGUE_NAMES.includes(word));
    if (vague !== undefined) return [`${path}: '${vague}' says nothing`];
    if (file === 'index.ts') return [`${path}: a barrel`];
    const suffix = SUFFIXES.find((one) => file.endsWith(one)) ?? '';
    return KEBAB.test(`${file.slice(0, -suffix.length)}.ts`) ? [] : [`${path}: not kebab-case`];
  });
}

/** Files of `src/` that are in no room of the table, or in a folder of their own inside one. */
export function wrongPlaces(sources: readonly Source[], rooms: Readonly<Record<string, unknown>> = ROOMS): string[] {
  return sources.flatMap(({ path }) => {
    const room = roomOf(path);
    if (room === undefined) return [];
    if (!Object.hasOwn(rooms, room)) return [`${path}: the table has no room '${room}'`];
    const folder = posix.dirname(path);
    const isPlaced = folder === 'src' || folder === `src/${room}` || INNER_FOLDERS.includes(folder);
    return isPlaced ? [] : [`${path}: a folder inside a room`];
  });
}

/** Tests that would not run: left out, hidden by one that is singled out, or in a suite without `run()` at its end. */
export function idleTests(sources: readonly Source[]): string[] {
  const tests = sources.filter(({ path }) => TEST_SUFFIXES.some((suffix) => path.endsWith(suffix)));
  const singled = linesOf(tests, codeOf, (line) => /\.(?:only|skip)\(/.exec(line)?.[0] ?? false);
  const unrun = tests.flatMap((source) => {
    const code = codeOf(source);
    const names = [...code.matchAll(/^const (\w+) = suite\b/gm)].map((match) => match[1]);
    if (names.length === 0) return [`${source.path}: no suite`];
    return names
      .filter((name) => !code.includes(`\n${name}.run();`))
      .map((name) => `${source.path}: ${name}.run() is missing`);
  });
  return [...singled, ...unrun];
}

/** The loser of a race stays among the reactions of what lives on, with all that it holds. `wait.ts` leaves nothing. */
export function races(sources: readonly Source[]): string[] {
  const others = sources.filter(({ path }) => path.startsWith('src/') && path !== 'src/wait.ts');
  return linesOf(others, codeOf, (line) => /\bPromise\s*\.\s*(?:race|any)\b/.exec(line)?.[0] ?? false);
}

/** Kinds of jobs, and their paths, are named in both tables and in files of the kind's own name. */
export function kindNames(sources: readonly Source[]): string[] {
  // The page knows the HTTP interface only, and has no table.
  const mayName = ['src/page/', 'src/protocol/jobs/jobs.ts', 'src/worker/jobs/jobs.ts'];
  const others = sources.filter(({ path }) => path.startsWith('src/') && !mayName.some((one) => path.startsWith(one)));
  // The path of `test` is not derived from its kind.
  const names = [...Object.keys(JOBS), ...JOB_KINDS.map((kind) => `/${kind}`)];
  return names.flatMap((name) =>
    linesOf(
      others.filter(({ path }) => posix.basename(path, '.ts') !== posix.basename(name)),
      ({ text }) => blank(text, { strings: false }),
      (line) => new RegExp(`(['"\`])${name}\\1`).test(line) && `knows of '${name}'`,
    ),
  );
}

/** A lock file with addresses in it ties every install to its writer's registry. */
export function registryAddresses(lockText: string): string[] {
  return lockText.split('\n').filter((line) => /"resolved":\s*"https?:/.test(line));
}

function codeOf(source: Source): string {
  return blank(source.text);
}

function linesOf(
  sources: readonly Source[],
  view: (source: Source) => string,
  judge: (line: string) => string | false,
): string[] {
  return sources.flatMap((source) =>
    view(source)
      .split('\n')
      .flatMap((line, index) => {
        const complaint = judge(line);
        return complaint === false ? [] : [`${source.path}:${index + 1}: ${complaint}`];
      }),
  );
}

/** The number of lines from `start` to the brace that closes the last one opened there. */
function bodyLines(lines: readonly string[], start: number): number {
  let depth = 1;
  for (let index = start + 1; index < lines.length; index++) {
    for (const char of lines[index] ?? '') {
      if (char === '{') depth++;
      if (char === '}') depth--;
      if (depth === 0) return index - start + 1;
    }
  }
  return lines.length - start;
}
