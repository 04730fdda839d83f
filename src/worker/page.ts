/**
 * From a blank page to the page the client asked for: what it needs of its context, then settings, navigation, tags,
 * waits. What CDP does by itself is done by it; the rest, and only then, is Playwright's. Worker thread.
 */
import type { BrowserContextOptions } from 'playwright-core';
import type { Clock } from '../clock.js';
import { ServiceError } from '../failures.js';
import type { PageBody } from '../protocol/jobs/page-body.js';

import type { Cdp } from './cdp/cdp.js';
import type { Navigator } from './cdp/navigator.js';
import { setCookies } from './cookies.js';
import { interceptRequests } from './intercept.js';
import { DEFAULT_VIEWPORT, type Lease, type Need } from './lease.js';
import { apply, messageOf } from './mistakes.js';
import { steadily } from './steadily.js';
import { addTags } from './tags.js';
import { metricsOf } from './viewport.js';
import { listenerFor, runWaits } from './waits.js';

/** The keys of every body that a plain context will do for. */
const PLAIN_KEYS: ReadonlySet<string> = new Set([
  'url',
  'html',
  'gotoOptions',
  'bestAttempt',
  'viewport',
  'acceptInsecureCerts',
  'bypassCSP',
  'proxy',
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
function contextOptions({ url, viewport, authenticate, setJavaScriptEnabled, ...body }: PageBody) {
  const { userAgent } = agentOf(body);
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

function agentOf({ userAgent }: PageBody) {
  return typeof userAgent === 'string' ? { userAgent } : (userAgent ?? {});
}

export interface PageOptions {
  readonly clock: Clock;
  /** Ends the session, also later. */
  readonly fail: (error: unknown) => void;
  /** See `Assignment`. */
  readonly waitLimitMs: () => number;
}

/** Brings the page to where the job can begin. */
export async function openPage(lease: Lease, body: PageBody, { clock, fail, waitLimitMs }: PageOptions): Promise<void> {
  const { cdp, navigator, playwright, closed, exit } = lease;
  if (body.proxy) exit?.useProxy(body.proxy);
  if (playwright) {
    await applySettings(lease, playwright, body);
    await interceptRequests(playwright.page, body, fail);
  } else {
    await resize(lease, body);
  }
  if (body.bypassCSP) await cdp.send('Page.setBypassCSP', { enabled: true });
  const first = listenerFor(body);
  if (first !== null) await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: first });
  if (body.url === undefined) await navigator.setContent(body.html ?? '', body, first ?? '');
  else await go(navigator, body.url, body);
  if (!playwright) return;
  if (body.addStyleTag || body.addScriptTag)
    await steadily(navigator, clock, () => addTags(cdp, body, { clock, waitLimitMs }));
  await runWaits({ waitLimitMs, page: playwright.page, cdp, navigator, clock, closed }, body);
}

/** Some headers Chromium refuses only when it sends them, `Host` for one. */
async function go({ goto }: Navigator, url: string, body: PageBody): Promise<void> {
  try {
    await goto(url, body);
  } catch (error) {
    const isOfHeaders = body.setExtraHTTPHeaders && /net::ERR_INVALID_ARGUMENT/.test(messageOf(error));
    if (!isOfHeaders) throw error;
    throw new ServiceError('BAD_REQUEST', 'setExtraHTTPHeaders: Chromium refuses one of them', { cause: error });
  }
}

async function resize({ cdp }: Lease, { viewport }: PageBody): Promise<void> {
  if (!viewport) return;
  const { width, height, isLandscape } = viewport;
  const isDefault = width === DEFAULT_VIEWPORT.width && height === DEFAULT_VIEWPORT.height;
  if (isDefault && isLandscape === undefined) return;
  await cdp.send('Emulation.setDeviceMetricsOverride', metricsOf(viewport));
}

type Playwright = NonNullable<Lease['playwright']>;

async function applySettings({ cdp }: Lease, { page }: Playwright, body: PageBody): Promise<void> {
  const { viewport } = body;
  const current = page.viewportSize() ?? DEFAULT_VIEWPORT;
  if (viewport && (viewport.width !== current.width || viewport.height !== current.height)) {
    await page.setViewportSize({ width: viewport.width, height: viewport.height });
  }
  // Which way the device is held, Playwright does not know.
  if (viewport?.isLandscape !== undefined) await cdp.send('Emulation.setDeviceMetricsOverride', metricsOf(viewport));
  const { setExtraHTTPHeaders: headers, emulateMediaType: media } = body;
  if (headers) await apply('setExtraHTTPHeaders', () => page.setExtraHTTPHeaders(headers));
  // When another process takes the page over, each CDP session has its own say again, and ours comes last.
  if (media) await cdp.send('Emulation.setEmulatedMedia', { media });
  await setAgent(cdp, body);
  await setCookies(cdp, body);
}

/** What of it is not a setting of the context. */
async function setAgent(cdp: Cdp, body: PageBody): Promise<void> {
  const { userAgent, platform, userAgentMetadata } = agentOf(body);
  if (platform === undefined && userAgentMetadata === undefined) return;
  const given = {
    // Chromium takes the one only with the other.
    userAgent: userAgent ?? (await cdp.send('Browser.getVersion')).userAgent,
    ...(platform === undefined ? {} : { platform }),
    ...(userAgentMetadata === undefined ? {} : { userAgentMetadata }),
  };
  await apply('userAgent', () => cdp.send('Emulation.setUserAgentOverride', given));
}
