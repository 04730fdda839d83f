/**
 * The query parameters that routes take: how each is written, and what it means. Pure.
 */
import { TEST_OPERATIONS } from '../protocol/jobs/test.js';

/** `T` is the type of a value that was read. */
export interface Parameter<T> {
  readonly about: string;
  /** How a value is written, as a regular expression. */
  readonly pattern: string;
  /** Completes `must be`, for whoever wrote it wrong. */
  readonly expected: string;
  /** Undefined when the value is written wrong, or can mean nothing. */
  read(value: string): T | undefined;
}

/** Epoch ms; depends on the present that is given. */
export type Instant = (nowMs: number) => number;

const SPAN_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const SPAN = /^-(\d{1,9})([smhdw])$/;
const EPOCH_MS = /^\d{1,15}$/;
const ISO_8601 = /^\d{4}-\d\d-\d\d(T.*)?$/;

export function instant(about: string): Parameter<Instant> {
  return {
    about,
    pattern: [SPAN, EPOCH_MS, ISO_8601].map(({ source }) => source).join('|'),
    expected: 'epoch ms, an ISO 8601 date, or a span such as -2h',
    read(value) {
      const [, amount, unit = ''] = SPAN.exec(value) ?? [];
      if (amount !== undefined) return (nowMs) => nowMs - Number(amount) * (SPAN_MS[unit] ?? 0);
      const ms = EPOCH_MS.test(value) ? Number(value) : ISO_8601.test(value) ? Date.parse(value) : Number.NaN;
      return Number.isNaN(ms) ? undefined : () => ms;
    },
  };
}

export const COUNT: Parameter<number> = written(/^[1-9]\d{0,8}$/, Number, {
  about: 'Only so many rows, the latest.',
  expected: 'a whole number from 1',
});

export function flag(about: string): Parameter<boolean> {
  return written(/^(true|false)$/, (value) => value === 'true', { about, expected: 'true or false' });
}

/** A flag whose name may also stand alone. */
export function bareFlag(about: string): Parameter<boolean> {
  return written(/^(true|false|)$/, (value) => value !== 'false', { about, expected: 'true or false, or stand alone' });
}

/** -1 means no limit. How much may be asked for is a setting, which is checked elsewhere. */
export const TIMEOUT: Parameter<number> = written(/^(-1|0*[1-9]\d{0,14})$/, Number, {
  about: 'ms that this session may run; -1 for no limit, where there is none.',
  expected: 'whole ms from 1, at most MAX_TIMEOUT',
});

export const TRACKING_ID: Parameter<string> = written(/^(?!all$)[0-9A-Za-z_-]{1,32}$/, String, {
  about: 'A name for the session, by which it can be found and ended.',
  expected: '1 to 32 letters, digits, _ or -, and not all, which /kill/all means',
});

export const ANY_TRACKING_ID: Parameter<string> = anything('Only sessions of this name.');

export const JSON_BODY: Parameter<string> = anything('With GET, the body as JSON.');

/** Operations of the main thread itself, without a session. */
export const MAIN_OPERATIONS = ['main-census', 'main-throw', 'egress-exit'] as const;
const OPERATIONS = [...TEST_OPERATIONS, ...MAIN_OPERATIONS];

export const OPERATION: Parameter<(typeof OPERATIONS)[number]> = {
  about: 'What to do.',
  pattern: `^(${OPERATIONS.join('|')})$`,
  expected: `one of ${OPERATIONS.join(', ')}`,
  read: (value) => OPERATIONS.find((one) => one === value),
};

export function anything(about: string): Parameter<string> {
  return { about, pattern: '', expected: 'text', read: (value) => value };
}

export function written<T>(
  pattern: RegExp,
  meaning: (value: string) => T,
  words: Pick<Parameter<T>, 'about' | 'expected'>,
): Parameter<T> {
  return { ...words, pattern: pattern.source, read: (value) => (pattern.test(value) ? meaning(value) : undefined) };
}
