/**
 * From a blank page to the page that the client asked for: settings of its context, then of the page, navigation, tags,
 * waits. CDP does what it can; Playwright does the rest, and is used only for that. Worker thread.
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

/** Keys of all bodies that need no more than a plain context. */
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

/** `ownKeys` are the keys of its kind that need no more than a plain context. All other keys need Playwright. */
export function needOf(body: PageBody, ownKeys: readonly string[]): Need {
  const options = contextOptions(body);
  const isPlain = options === null && Object.keys(body).every((key) => PLAIN_KEYS.has(key) || ownKeys.includes(key));
  const isInsecure = body.acceptInsecureCerts === true;
  if (isPlain) return isInsecure ? { kind: 'plain', isInsecure } : { kind: 'plain' };
  return { kind: 'playwright', options: isInsecure ? { ...options, ignoreHTTPSErrors: true } : options };
}

/** The settings with which a context must be made; null when any context will do. */
function contextOptions({ url, viewport, authenticate, setJavaScriptEnabled, ...body }: PageBody) {
  const { userAgent } = agentOf(body);
  const { deviceScaleFactor, isMobile, hasTouch } = viewport ?? {};
  const options: BrowserContextOptions = {
    ...(userAgent === undefined ? {} : { userAgent }),
    // The page may send requests to anybody. Only the server that the client has named gets the password.
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
  /** Ends the session, also at a later time. */
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

/** Chromium refuses some headers only when it sends them, for example `Host`. */
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
  // Playwright has no setting for how the device is held.
  if (viewport?.isLandscape !== undefined) await cdp.send('Emulation.setDeviceMetricsOverride', metricsOf(viewport));
  const { setExtraHTTPHeaders: headers, emulateMediaType: media } = body;
  if (headers) await apply('setExtraHTTPHeaders', () => page.setExtraHTTPHeaders(headers));
  // When another process takes over the page, Chromium sets each CDP session's value again, and ours is the last.
  if (media) await cdp.send('Emulation.setEmulatedMedia', { media });
  await setAgent(cdp, body);
  await setCookies(cdp, body);
}

/** The part of the user agent that is no setting of the context. */
async function setAgent(cdp: Cdp, body: PageBody): Promise<void> {
  const { userAgent, platform, userAgentMetadata } = agentOf(body);
  if (platform === undefined && userAgentMetadata === undefined) return;
  const given = {
    // Chromium takes the language only together with a user agent.
    userAgent: userAgent ?? (await cdp.send('Browser.getVersion')).userAgent,
    ...(platform === undefined ? {} : { platform }),
    ...(userAgentMetadata === undefined ? {} : { userAgentMetadata }),
  };
  await apply('userAgent', () => cdp.send('Emulation.setUserAgentOverride', given));
}
