/**
 * The query parameters of sessions over WebSocket. Some of them are also names or flags in `launch=`. Pure.
 */
import { anything, bareFlag, type Parameter, TIMEOUT, TRACKING_ID, written } from './parameters.js';

const SIZE_MAX = 16_384;
const LANGUAGE = '[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*';
const LANGUAGES = new RegExp(`^${LANGUAGE}(;q=[01](\\.\\d{1,3})?)?(,\\s?${LANGUAGE}(;q=[01](\\.\\d{1,3})?)?){0,15}$`);

interface Size {
  readonly width: number;
  readonly height: number;
}

const WINDOW_SIZE: Parameter<Size> = {
  about: 'Width and height of its windows.',
  pattern: /^\d{1,5}[,x]\d{1,5}$/.source,
  expected: `width,height, each from 1 to ${SIZE_MAX}`,
  read(value) {
    if (!/^\d{1,5}[,x]\d{1,5}$/.test(value)) return undefined;
    const [width = 0, height = 0] = value.split(/[,x]/).map(Number);
    return [width, height].every((one) => one >= 1 && one <= SIZE_MAX) ? { width, height } : undefined;
  },
};

const USER_AGENT: Parameter<string> = written(/^[\x20-\x7e]{1,2048}$/, String, {
  about: 'The user agent of its pages.',
  expected: '1 to 2048 characters of ASCII on one line',
});

const LANGUAGE_LIST: Parameter<string> = written(LANGUAGES, String, {
  about: 'The language of its pages, as `Accept-Language` has it.',
  expected: 'languages such as de-AT,de',
});

const TIMEZONE: Parameter<string> = {
  about: 'The timezone of its pages, such as `Europe/Vienna`.',
  pattern: /^[A-Za-z0-9_+/-]{1,64}$/.source,
  expected: 'a timezone such as Europe/Vienna',
  read: (value) => (/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(value) && isTimezone(value) ? value : undefined),
};

const ISOLATION: Parameter<'context'> = {
  about: '`context`: contexts of its own in a browser that is shared.',
  pattern: '^context$',
  expected: 'context; a browser of its own comes later',
  read: (value) => (value === 'context' ? value : undefined),
};

/** These are read from the query only. */
export const OF_SESSIONS = {
  timeout: TIMEOUT,
  trackingId: TRACKING_ID,
  launch: anything('The names below, and `args` with flags, as JSON or JSON in base64.'),
} as const;

/** These are read from the query, from `launch=`, and as flags from its `args`. */
export const OF_CONTEXTS = {
  isolation: ISOLATION,
  '--window-size': WINDOW_SIZE,
  '--user-agent': USER_AGENT,
  '--lang': LANGUAGE_LIST,
  '--accept-lang': LANGUAGE_LIST,
  timezone: TIMEZONE,
  acceptInsecureCerts: bareFlag('Takes any certificate, where `ALLOW_INSECURE_CERTS` allows it.'),
  ignoreHTTPSErrors: bareFlag('As `acceptInsecureCerts`, which is its later name.'),
  '--ignore-certificate-errors': bareFlag('As `acceptInsecureCerts`.'),
  externalProxyServer: anything('Its way out, where `ALLOW_CLIENT_PROXY` allows it, with `user:password@` or without.'),
  '--proxy-server': anything('As `externalProxyServer`.'),
} as const;

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}
