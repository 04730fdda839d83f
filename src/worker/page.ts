/**
 * From a blank page to the page the client asked for: what it needs of its context, then settings, navigation, tags,
 * waits. What CDP does by itself is done by it; the rest, and only then, is Playwright's. Worker thread.
 */
import type { BrowserContextOptions } from 'playwright-core';
import { ServiceError } from '../failures.js';
import type { NavigationAnswer } from '../protocol/job.js';
import type { PageBody } from '../protocol/jobs/page-body.js';

import type { Navigator } from './cdp/navigator.js';
import { interceptRequests } from './intercept.js';
import { DEFAULT_VIEWPORT, type Lease, type Need } from './lease.js';
import { apply, messageOf, runInPage } from './mistakes.js';
import { runWaits } from './waits.js';

/** The keys of every body that a plain context will do for. */
const PLAIN_KEYS: ReadonlySet<string> = new Set([
  'url',
  'html',
  'gotoOptions',
  'bestAttempt',
  'viewport',
  'acceptInsecureCerts',
]);

/** `ownKeys` are those of its kind that a plain context will do for; whatever else is asked for is Playwright's. */
export function needOf(body: PageBody, ownKeys: readonly string[]): Need {
  const options = contextOptions(body);
  const isPlain = options === null && Object.keys(body).every((key) => PLAIN_KEYS.has(key) || ownKeys.includes(key));
  const isInsecure = body.acceptInsecureCerts === true;
  if (isPlain) return isInsecure ? { kind: 'plain', isInsecure } : { kind: 'plain' };
  return { kind: 'playwright', options: isInsecure ? { ...options, ignoreHTTPSErrors: true } : options };
}

/** The settings that a context must be made with; null when any will do. */
function contextOptions({ url, userAgent, viewport, authenticate, setJavaScriptEnabled }: PageBody) {
  const { deviceScaleFactor, isMobile, hasTouch } = viewport ?? {};
  const options: BrowserContextOptions = {
    ...(userAgent === undefined ? {} : { userAgent }),
    // The page may ask anybody for anything: only whom the client has named gets the password.
    ...(authenticate && url !== undefined ? { httpCredentials: { ...authenticate, origin: new URL(url).origin } } : {}),
    ...(setJavaScriptEnabled === false ? { javaScriptEnabled: false } : {}),
    ...(deviceScaleFactor === undefined ? {} : { deviceScaleFactor }),
    ...(isMobile ? { isMobile } : {}),
    ...(hasTouch ? { hasTouch } : {}),
  };
  if (Object.keys(options).length === 0) return null;
  return viewport ? { ...options, viewport: { width: viewport.width, height: viewport.height } } : options;
}

/**
 * Brings the page to where the job can begin, and tells what the main navigation was answered. `fail` ends the session,
 * also later.
 */
export async function openPage(
  lease: Lease,
  body: PageBody,
  fail: (error: unknown) => void,
): Promise<NavigationAnswer | null> {
  const { navigator, playwright } = lease;
  if (playwright) {
    await applySettings(playwright, body);
    await interceptRequests(playwright.page, body, fail);
  } else {
    await resize(lease, body);
  }
  let answer: NavigationAnswer | null = null;
  if (body.url === undefined) await navigator.setContent(body.html ?? '', body);
  else answer = await go(navigator, body.url, body);
  if (playwright) {
    const { page } = playwright;
    for (const tag of body.addStyleTag ?? []) await runInPage('addStyleTag', () => page.addStyleTag(tag));
    for (const tag of body.addScriptTag ?? []) await runInPage('addScriptTag', () => page.addScriptTag(tag));
    await runWaits(playwright.page, body);
  }
  return answer;
}

/** Some headers Chromium refuses only when it sends them, `Host` for one. */
async function go({ goto }: Navigator, url: string, body: PageBody): Promise<NavigationAnswer | null> {
  try {
    return await goto(url, body);
  } catch (error) {
    const isOfHeaders = body.setExtraHTTPHeaders && /net::ERR_INVALID_ARGUMENT/.test(messageOf(error));
    if (!isOfHeaders) throw error;
    throw new ServiceError('BAD_REQUEST', 'setExtraHTTPHeaders: Chromium refuses one of them', { cause: error });
  }
}

async function resize({ cdp }: Lease, { viewport }: PageBody): Promise<void> {
  const { width, height } = viewport ?? DEFAULT_VIEWPORT;
  if (width === DEFAULT_VIEWPORT.width && height === DEFAULT_VIEWPORT.height) return;
  await cdp.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
}

type Playwright = NonNullable<Lease['playwright']>;

async function applySettings({ page, context }: Playwright, body: PageBody): Promise<void> {
  const { viewport } = body;
  const current = page.viewportSize() ?? DEFAULT_VIEWPORT;
  if (viewport && (viewport.width !== current.width || viewport.height !== current.height)) {
    await page.setViewportSize({ width: viewport.width, height: viewport.height });
  }
  const { setExtraHTTPHeaders: headers, emulateMediaType: media, cookies } = body;
  if (headers) await apply('setExtraHTTPHeaders', () => page.setExtraHTTPHeaders(headers));
  if (media) await page.emulateMedia({ media });
  if (cookies) await apply('cookies', () => context.addCookies(cookies.map((cookie) => withHome(cookie, body.url))));
}

type Cookie = NonNullable<PageBody['cookies']>[number];

/** Puppeteer gives a cookie without a home that of the page. The edge refuses one for which there is no page either. */
function withHome(cookie: Cookie, pageUrl: string | undefined): Cookie {
  if (cookie.domain !== undefined) return { path: '/', ...cookie };
  if (cookie.url !== undefined) return cookie;
  return pageUrl === undefined ? cookie : { ...cookie, url: pageUrl };
}
