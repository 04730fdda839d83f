/**
 * `/json/version`, which tells clients that know only an HTTP address where to connect. Main thread.
 */
import { addressOf } from './address.js';
import type { Handlers } from './interface.js';
import { json } from './route.js';

export interface VersionOptions {
  readonly chromium: () => string;
  readonly proxyUrl: URL | null;
}

export function versionHandlers({ chromium, proxyUrl }: VersionOptions): Pick<Handlers, 'browserVersion'> {
  return {
    browserVersion(request) {
      const { query } = request;
      // The query is repeated, because Playwright's client has no other place for a token or options.
      const search = query.size === 0 ? '' : `?${query}`;
      return json({
        Browser: `HeadlessChrome/${chromium()}`,
        'Protocol-Version': '1.3',
        webSocketDebuggerUrl: `${addressOf(request, proxyUrl).replace(/^http/, 'ws')}/${search}`,
      });
    },
  };
}
