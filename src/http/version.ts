/**
 * `/json/version`, by which clients that know only an HTTP address find where to connect. Main thread.
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
      // With the query that it was asked with: Playwright's client has nowhere else to say a token, or options.
      const search = query.size === 0 ? '' : `?${query}`;
      return json({
        Browser: `HeadlessChrome/${chromium()}`,
        'Protocol-Version': '1.3',
        webSocketDebuggerUrl: `${addressOf(request, proxyUrl).replace(/^http/, 'ws')}/${search}`,
      });
    },
  };
}
