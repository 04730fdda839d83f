/**
 * Clients' patterns for URLs: judged at the edge, matched in a worker, whose thread is everybody's. JavaScript's engine
 * may take for ever over a pattern. So what means the same in RE2 is matched by re2js, in linear time, and everything
 * else by JavaScript under a limit of time. Any thread.
 */
import { type Context, createContext, Script } from 'node:vm';
import type { RE2JS } from 're2js';
import { ServiceError } from './failures.js';

/** Of time on the clock: Node.js can end nothing sooner, and nothing by the CPU time it took. */
const LIMIT_MS = 20;
/** On a busy machine a thread may stand still for that long; what is slow by itself is so each time. */
const ATTEMPTS = 3;
/** Of what re2js steps through: the pattern with its counts written out. Beyond it, compiling takes long itself. */
const SIZE_MAX = 16_384;
/** Steps times letters of a URL that take re2js a few ms at worst; beyond them it is held to the limit too. */
const SURE_WORK = 500_000;
/** RE2 has none higher. */
const COUNT_MAX = 1_000;

const COUNT = String.raw`\{(?:0|[1-9]\d{0,3})(?:,(?:[1-9]\d{0,3})?)?\}`;
const LETTER_ESCAPE = String.raw`\\(?:[!-/:-@[-\x60{-~tnrfv]|x[\dA-Fa-f]{2})`;
const IN_CLASS = `(?:[ -,.-Z^-~]|${LETTER_ESCAPE})`;
/**
 * What means the same in both, on URLs, which are printable ASCII: anything else has another meaning in RE2, or none.
 * Of one way to be read at each letter, so that it is linear itself.
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
  for (const { key, source } of Object.values(patternsOf(body)).flat()) {
    try {
      new RegExp(source);
    } catch (error) {
      throw complaint(key, error instanceof Error ? error.message : 'not a regular expression');
    }
  }
}

/** @throws {ServiceError} BAD_REQUEST when it takes too long */
type Pattern = (url: string) => boolean;

export interface Patterns {
  readonly rejected: readonly Pattern[];
  /** In the order of `requestInterceptors`. */
  readonly answered: readonly Pattern[];
}

/** Of a body that has been checked. Loads re2js only when there is a pattern: it is 3 MB of a worker's heap. */
export async function compilePatterns(body: Patterned): Promise<Patterns> {
  const { rejected, answered } = patternsOf(body);
  if (rejected.length + answered.length === 0) return { rejected: [], answered: [] };
  const { RE2JS } = await import('re2js');
  const isWithinLimit = createLimit();
  const compile = ({ key, source }: Named): Pattern => {
    const engine = linear(RE2JS, source) ?? new RegExp(source);
    const size = engine instanceof RegExp ? Number.POSITIVE_INFINITY : sizeOf(source);
    return (url) => {
      if (size * url.length <= SURE_WORK) return engine.test(url);
      return isWithinLimit(key, () => engine.test(url));
    };
  };
  return { rejected: rejected.map(compile), answered: answered.map(compile) };
}

interface Named {
  readonly key: string;
  readonly source: string;
}

function patternsOf({ rejectRequestPattern = [], requestInterceptors = [] }: Patterned) {
  return {
    rejected: rejectRequestPattern.map((source, i): Named => ({ key: `rejectRequestPattern.${i}`, source })),
    answered: requestInterceptors.map(
      ({ pattern }, i): Named => ({ key: `requestInterceptors.${i}.pattern`, source: pattern }),
    ),
  };
}

/** Null when it is for JavaScript's engine. */
function linear(engine: typeof RE2JS, source: string): RE2JS | null {
  if (!isCommon(source) || sizeOf(source) > SIZE_MAX) return null;
  try {
    return engine.compile(source);
  } catch {
    // It has bounds of its own, as on counts within counts.
    return null;
  }
}

/** Whether a source that JavaScript takes means the same in RE2. */
export function isCommon(source: string): boolean {
  return COMMON.test(source) && countsOf(source).every((count) => count <= COUNT_MAX);
}

/** Too high rather than too low: as if every count were of the whole, and of all other counts. */
function sizeOf(source: string): number {
  return countsOf(source).reduce((size, count) => size * Math.max(1, count), source.length);
}

/** Those of classes and escapes too, which are none: too high does not matter. */
function countsOf(source: string): number[] {
  return [...source.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, low = '', high]) => Number(high || low));
}

/** A script can be ended from outside, with whatever it has called. */
function createLimit(): (key: string, find: () => boolean) => boolean {
  const room: { find: () => boolean } = { find: () => false };
  let context: Context | null = null;
  const script = new Script('find()');
  return (key, find) => {
    context ??= createContext(room);
    room.find = find;
    for (let attempt = 1; ; attempt++) {
      try {
        return script.runInContext(context, { timeout: LIMIT_MS });
      } catch (error) {
        if (attempt === ATTEMPTS) throw complaint(key, `takes more than ${LIMIT_MS} ms for a URL`, error);
      }
    }
  };
}

function complaint(key: string, message: string, cause?: unknown): ServiceError {
  return new ServiceError('BAD_REQUEST', `${key}: ${message}`, { cause });
}
