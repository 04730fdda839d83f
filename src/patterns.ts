/**
 * Clients' patterns for URLs: judged at the edge, matched in a worker, whose thread all share. JavaScript's engine may
 * take for ever over a pattern. So re2js matches what means the same in RE2, in linear time. JavaScript matches
 * everything else, under a time limit. Any thread.
 */
import { type Context, createContext, Script } from 'node:vm';
import type { RE2JS } from 're2js';
import { ServiceError } from './failures.js';

/** For one URL and all patterns. By the clock, because Node.js can end nothing by the CPU time that it took. */
const LIMIT_MS = 20;
/** On a busy machine a thread may stand still for that long. What is slow by itself is slow each time. */
const ATTEMPTS = 3;
/** Steps of re2js: all patterns with their counts written out. Compiling more takes long itself. */
const SIZE_MAX = 16_384;
/** Steps times letters of a URL that take re2js a few ms at worst. Beyond this, re2js gets the time limit too. */
const SURE_WORK = 500_000;
/** The highest count in RE2. */
const COUNT_MAX = 1_000;

const COUNT = String.raw`\{(?:0|[1-9]\d{0,3})(?:,(?:[1-9]\d{0,3})?)?\}`;
const LETTER_ESCAPE = String.raw`\\(?:[!-/:-@[-\x60{-~tnrfv]|x[\dA-Fa-f]{2})`;
const IN_CLASS = `(?:[ -,.-Z^-~]|${LETTER_ESCAPE})`;
/**
 * Patterns that mean the same in both engines, on URLs, which are printable ASCII. Others mean something else in RE2,
 * or nothing. At each letter there is only one way to read on, so this expression is linear itself.
 */
const COMMON = new RegExp(
  [
    '^(?:',
    String.raw`[ -'*-Z\]-z|~]`,
    `|${LETTER_ESCAPE}`,
    String.raw`|\\[dDwWsSbB]`,
    String.raw`|\((?!\?)|\(\?:|\(\?<[A-Za-z_]\w*>|\)`,
    `|${COUNT}`,
    String.raw`|\[(?:\^|(?!\^))-?(?:${IN_CLASS}(?:-${IN_CLASS})?|\\[dDwWsS])+-?\]`,
    ')*$',
  ].join(''),
);

interface Patterned {
  readonly rejectRequestPattern?: readonly string[];
  readonly requestInterceptors?: readonly { readonly pattern: string }[];
}

/** @throws {ServiceError} BAD_REQUEST when one is no regular expression */
export function checkPatterns(body: Patterned): void {
  for (const { key, source } of patternsOf(body)) {
    try {
      new RegExp(source);
    } catch (error) {
      throw complaint(key, error instanceof Error ? error.message : 'not a regular expression');
    }
  }
}

/**
 * The index of the first pattern that a URL matches; -1 for none. Those of `rejectRequestPattern` come first, then
 * those of `requestInterceptors`.
 * @throws {ServiceError} BAD_REQUEST when they take too long; it names the pattern at which the time was up
 */
type FirstMatch = (url: string) => number;

/** For a body that was checked. Loads re2js only when there is a pattern, because it takes 1 MB of a worker's heap. */
export async function compilePatterns(body: Patterned): Promise<FirstMatch> {
  const patterns = patternsOf(body);
  if (patterns.length === 0) return () => -1;
  const { RE2JS } = await import('re2js');
  let size = 0;
  const engines = patterns.map(({ source }) => {
    size += isCommon(source) ? sizeOf(source) : Number.POSITIVE_INFINITY;
    const engine = size <= SIZE_MAX ? linear(RE2JS, source) : null;
    if (!engine) size = Number.POSITIVE_INFINITY;
    return engine ?? new RegExp(source);
  });
  const withinLimit = createLimit();
  return (url) => {
    let at = 0;
    const find = (): number => {
      for (at = 0; at < engines.length; at++) if (engines[at]?.test(url)) return at;
      return -1;
    };
    if (size * url.length <= SURE_WORK) return find();
    try {
      return withinLimit(find);
    } catch (cause) {
      throw complaint(patterns[at]?.key ?? '', `takes more than ${LIMIT_MS} ms for a URL`, cause);
    }
  };
}

function patternsOf({ rejectRequestPattern = [], requestInterceptors = [] }: Patterned) {
  return [
    ...rejectRequestPattern.map((source, i) => ({ key: `rejectRequestPattern.${i}`, source })),
    ...requestInterceptors.map(({ pattern }, i) => ({ key: `requestInterceptors.${i}.pattern`, source: pattern })),
  ];
}

/** Null when re2js refuses it by bounds of its own, for example on counts within counts. */
function linear(engine: typeof RE2JS, source: string): RE2JS | null {
  try {
    return engine.compile(source);
  } catch {
    return null;
  }
}

/** Whether a source that JavaScript takes means the same in RE2. */
export function isCommon(source: string): boolean {
  return COMMON.test(source) && countsOf(source).every((count) => count <= COUNT_MAX);
}

/** Too high rather than too low: as if every count applied to the whole pattern, and to all other counts. */
function sizeOf(source: string): number {
  return countsOf(source).reduce((size, count) => size * Math.max(1, count), source.length);
}

/** Also those in classes and escapes, which are no counts. Too high does not matter. */
function countsOf(source: string): number[] {
  return [...source.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, low = '', high]) => Number(high || low));
}

/** A script can be ended from outside, together with whatever it has called. */
function createLimit(): (find: () => number) => number {
  const room = { find: (): number => -1 };
  let context: Context | null = null;
  const script = new Script('find()');
  return (find) => {
    context ??= createContext(room);
    room.find = find;
    for (let attempt = 1; ; attempt++) {
      try {
        return script.runInContext(context, { timeout: LIMIT_MS });
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
      }
    }
  };
}

function complaint(key: string, message: string, cause?: unknown): ServiceError {
  return new ServiceError('BAD_REQUEST', `${key}: ${message}`, { cause });
}
