/**
 * What is shown of targets and messages in the log, `/sessions`, `/failures` and on the page: as much of a URL as
 * `LOG_TARGETS` allows, and nothing secret. Pure.
 */

import type { Config } from '../config/settings.js';

/** `none`: nothing; `host`: scheme and host; `url`: the path too. Never credentials, query or fragment. */
type TargetLevel = Config['logTargets'];

export interface Shown {
  /** Host and port, or the scheme when there is no host; null when there is no target, or it may not be shown. */
  hostOf(target: string | null): string | null;
  /** The hosts that may be shown: all or none. */
  hostsOf(hosts: readonly string[]): readonly string[];
  /** The whole URL as far as `url` allows; null at every other level. */
  urlOf(target: string | null): string | null;
  /** The message on one line, with its URLs shortened. */
  messageOf(message: string): string;
}

const MESSAGE_CHARS_MAX = 500;
const URL_CHARS_MAX = 2_048;
const HIDDEN = '…';
/** A URL in a text ends at a character that nobody writes in one unquoted. Browsers take `\\` for `/`. */
const URLS = /\b[a-z][a-z0-9+.-]*:[\\/]{2}[^\s"'<>()]+/gi;
/** All that follows is the page itself. */
const DATA = /\bdata:[^\s"'<>()]+/gi;
const USERS = /([\\/]{2})[^\s\\/@]+@/g;
const QUERIES = /(?<=\S)\?[^\s"'<>()]+/g;
const CREDENTIALS = /\b(bearer|basic)\s+[\w.~+/=-]+/gi;
const NAMED = /\b(token|password|secret|api_?key)(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s"'&,;]+)/gi;

export function createShown(level: TargetLevel, token: string | null): Shown {
  /** A URL as far as it may be shown. */
  const shorten = (url: string): string => {
    if (level === 'none') return HIDDEN;
    if (!URL.canParse(url)) return HIDDEN;
    const { protocol, host, pathname } = new URL(url);
    return level === 'host' ? `${protocol}//${host}` : `${protocol}//${host}${pathname}`;
  };
  return {
    hostOf: (target) => (target === null || level === 'none' ? null : hostIn(target)),
    hostsOf: (hosts) => (level === 'none' ? [] : hosts),
    urlOf: (target) => (target === null || level !== 'url' ? null : withoutSecrets(target)),
    messageOf(message) {
      const hidden = token === null ? message : message.replaceAll(token, HIDDEN);
      return hidden
        .slice(0, MESSAGE_CHARS_MAX * 4)
        .replace(URLS, shorten)
        .replace(DATA, `data:${HIDDEN}`)
        .replace(USERS, `$1${HIDDEN}@`)
        .replace(QUERIES, `?${HIDDEN}`)
        .replace(CREDENTIALS, `$1 ${HIDDEN}`)
        .replace(NAMED, `$1$2${HIDDEN}`)
        .replace(/\s+/g, ' ')
        .slice(0, MESSAGE_CHARS_MAX);
    },
  };
}

function hostIn(target: string): string | null {
  if (!URL.canParse(target)) return null;
  const { host, protocol } = new URL(target);
  return host === '' ? protocol : host;
}

function withoutSecrets(target: string): string | null {
  if (!URL.canParse(target)) return null;
  const { host, protocol, pathname } = new URL(target);
  // What follows `data:` is the page itself.
  return host === '' ? protocol : `${protocol}//${host}${pathname}`.slice(0, URL_CHARS_MAX);
}
