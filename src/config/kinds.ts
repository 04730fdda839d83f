/**
 * The kinds of value that a setting can have. In: the text that a user wrote; out: a checked value. Pure.
 */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseProxy } from '../egress/proxies.js';
import { parseRules } from '../egress/rules.js';

/** How a text becomes a value: throws a `TypeError` that says what was expected. */
export interface Kind<T> {
  readonly expected: string;
  /** How the value null is shown. Not given: as null, which means that the setting is not set. */
  readonly shownNull?: number;
  parse(text: string): T;
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): Kind<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    parse(text) {
      const value = Number(text);
      if (!/^\d+$/.test(text.trim()) || value < min || value > max) throw new TypeError(this.expected);
      return value;
    },
  };
}

/** Milliseconds from `min` to `max`; `-1` means no limit and gives null. */
export function limitMs(min: number, max: number): Kind<number | null> {
  const whole = integer(min, max);
  return {
    shownNull: -1,
    expected: `ms from ${min} to ${max}, or -1 for no limit`,
    parse(text) {
      if (text.trim() === '-1') return null;
      try {
        return whole.parse(text);
      } catch {
        throw new TypeError(this.expected);
      }
    },
  };
}

export function oneOf<const T extends string>(...values: readonly T[]): Kind<T> {
  return {
    expected: `one of ${values.join(', ')}`,
    parse(text) {
      const found = values.find((value) => value === text.trim().toLowerCase());
      if (found === undefined) throw new TypeError(this.expected);
      return found;
    },
  };
}

export const bool: Kind<boolean> = {
  expected: 'true, false, 1 or 0',
  parse(text) {
    const value = text.trim().toLowerCase();
    if (['true', '1'].includes(value)) return true;
    if (['false', '0'].includes(value)) return false;
    throw new TypeError(this.expected);
  },
};

export const text: Kind<string> = {
  expected: 'a text',
  parse(value) {
    if (value === '') throw new TypeError('a text that is not empty');
    return value;
  },
};

export const path: Kind<string> = { expected: 'a path', parse: (value) => resolve(text.parse(value)) };

const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 };

export const size: Kind<number> = {
  expected: 'bytes, or a size such as 5mb',
  parse(value) {
    const [, digits = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?b)?\s*$/i.exec(value) ?? [];
    const bytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
    if (digits === '' || !(bytes >= 1 && bytes <= 2 ** 31)) throw new TypeError(this.expected);
    return Math.floor(bytes);
  },
};

export const url: Kind<URL> = {
  expected: 'an http or https URL',
  parse(value) {
    if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) throw new TypeError(this.expected);
    return new URL(value);
  },
};

/** `http://` may be missing, as in other programs. */
export const proxy: Kind<string> = {
  expected: 'a proxy such as http://user:password@proxy.example:3128, https:// or socks5://',
  parse(value) {
    if (parseProxy(value).kind === 'error') throw new TypeError(this.expected);
    return value;
  },
};

/** Rules about who may be reached, as the egress thread reads them. */
export const rules: Kind<string> = {
  expected: 'names, *.names, addresses or networks, each with :port or without, with commas between',
  parse(value) {
    const parsed = parseRules(value);
    if (parsed.kind === 'error') throw new TypeError(`${this.expected}: ${parsed.message}`);
    return value;
  },
};

/** Texts with commas between, as in a header; none may be empty. */
function list(expected: string, itemOf: (text: string) => string): Kind<readonly string[]> {
  return {
    expected,
    parse(value) {
      const items = value.split(',').map((item) => itemOf(item.trim()));
      if (items.includes('')) throw new TypeError(expected);
      return items;
    },
  };
}

export const paths = list('paths of files with commas between', (item) => (item === '' ? '' : resolve(item)));

/** What HTTP calls a token: names of methods and headers. No character in it can end a header's line. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

export const tokens = list('names with commas between', (item) => (TOKEN.test(item) ? item : ''));

/** Origins as browsers write them, or `*`. */
export const origins = list('*, or origins such as https://example.com with commas between', (item) => {
  if (item === '*') return item;
  const { origin, protocol, href } = URL.canParse(item) ? new URL(item) : { origin: '', protocol: '', href: '' };
  return /^https?:$/.test(protocol) && href === `${origin}/` ? origin : '';
});

/** IP addresses and networks; `[]` is none. */
export const addresses: Kind<readonly string[]> = {
  expected: 'IP addresses or networks such as 10.0.0.0/8, with commas between',
  parse(value) {
    const items = value === '[]' ? [] : value.split(',').map((item) => item.trim());
    if (!items.every(isNetwork)) throw new TypeError(this.expected);
    return items;
  },
};

function isNetwork(value: string): boolean {
  const [address = '', bits, ...more] = value.split('/');
  const most = { 4: 32, 6: 128 }[isIP(address)];
  if (most === undefined || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
}

/** Some of the known names, as JSON or with commas between. */
export function someOf(known: readonly string[]): Kind<readonly string[]> {
  return {
    expected: `a list of ${known.join(', ')}`,
    parse(value) {
      const items = value
        .replaceAll(/[[\]"\s]/g, '')
        .split(',')
        .filter((item) => item !== '');
      if (!items.every((item) => known.includes(item))) throw new TypeError(this.expected);
      return items;
    },
  };
}
