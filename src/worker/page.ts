/**
 * From a blank page to the page the client asked for: what must be known before its context is made, then settings,
 * navigation, waits. Puppeteer's words (`networkidle0`, `waitFor` …) are given Puppeteer's meaning. Worker thread.
 */
import type { BrowserContextOptions, Response } from 'playwright-core';
import { ServiceError } from '../failures.js';
import type { JobSpec, NavigationAnswer } from '../protocol/job.js';
import type { PageBody, WaitUntilName } from '../protocol/request.js';
import { isTimeout } from './browser.js';
import { interceptRequests } from './intercept.js';
import { DEFAULT_VIEWPORT, type Lease } from './shard.js';
import { runWaits } from './waits.js';

/** The settings that a context must be made with; null when any ready one will do. */
export function contextOptions(spec: JobSpec): BrowserContextOptions | null {
  if (spec.kind === 'test') return null;
  const { userAgent, viewport, authenticate, setJavaScriptEnabled } = spec.body;
  const { deviceScaleFactor, isMobile, hasTouch } = viewport ?? {};
  const options: BrowserContextOptions = {
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(authenticate ? { httpCredentials: authenticate } : {}),
    ...(setJavaScriptEnabled === false ? { javaScriptEnabled: false } : {}),
    ...(deviceScaleFactor === undefined ? {} : { deviceScaleFactor }),
    ...(isMobile ? { isMobile } : {}),
    ...(hasTouch ? { hasTouch } : {}),
  };
  if (Object.keys(options).length === 0) return null;
  return viewport ? { ...options, viewport: { width: viewport.width, height: viewport.height } } : options;
}

/** Brings the page to where the job can begin, and tells what the main navigation was answered. */
export async function openPage(lease: Lease, body: PageBody): Promise<NavigationAnswer | null> {
  const { page } = lease;
  await applySettings(lease, body);
  await interceptRequests(page, body);
  const answer = body.url === undefined ? await setHtml(lease, body) : await navigate(lease, body, body.url);
  for (const tag of body.addStyleTag ?? []) await page.addStyleTag(tag);
  for (const tag of body.addScriptTag ?? []) await page.addScriptTag(tag);
  await runWaits(page, body);
  return answer;
}

async function applySettings({ page, context }: Lease, body: PageBody): Promise<void> {
  const { viewport } = body;
  const current = page.viewportSize() ?? DEFAULT_VIEWPORT;
  if (viewport && (viewport.width !== current.width || viewport.height !== current.height)) {
    await page.setViewportSize({ width: viewport.width, height: viewport.height });
  }
  if (body.setExtraHTTPHeaders) await page.setExtraHTTPHeaders(body.setExtraHTTPHeaders);
  if (body.emulateMediaType) await page.emulateMedia({ media: body.emulateMediaType });
  if (body.cookies) await context.addCookies(body.cookies.map((cookie) => withHome(cookie, body.url)));
}

type Cookie = NonNullable<PageBody['cookies']>[number];

/** Puppeteer gives a cookie without a home that of the page. The edge refuses one for which there is no page either. */
function withHome(cookie: Cookie, pageUrl: string | undefined): Cookie {
  if (cookie.domain !== undefined) return { path: '/', ...cookie };
  if (cookie.url !== undefined) return cookie;
  return pageUrl === undefined ? cookie : { ...cookie, url: pageUrl };
}

async function setHtml(lease: Lease, { html = '', gotoOptions = {}, bestAttempt }: PageBody): Promise<null> {
  const idle = whenIdle(lease, gotoOptions.waitUntil);
  const timeout = gotoOptions.timeout ?? 0;
  try {
    await lease.page.setContent(html, { timeout, waitUntil: idle ? 'load' : playwrightWait(gotoOptions.waitUntil) });
    await idle?.(timeout);
  } catch (error) {
    if (!isTimeout(error)) throw error;
    if (!bestAttempt) throw gaveUp(timeout);
  }
  return null;
}

async function navigate(
  lease: Lease,
  { gotoOptions = {}, bestAttempt }: PageBody,
  url: string,
): Promise<NavigationAnswer | null> {
  const { page } = lease;
  const { referer, waitUntil, timeout = 0 } = gotoOptions;
  const idle = whenIdle(lease, waitUntil);
  let response: Response | null = null;
  if (bestAttempt) {
    // Then the answer counts even when the page never finishes loading.
    page.on('response', (candidate) => {
      if (candidate.request().isNavigationRequest() && candidate.frame() === page.mainFrame()) response = candidate;
    });
  }
  try {
    response = await page.goto(url, {
      timeout,
      waitUntil: idle ? 'load' : playwrightWait(waitUntil),
      ...(referer === undefined ? {} : { referer }),
    });
    await idle?.(timeout);
  } catch (error) {
    if (isTimeout(error)) {
      if (!bestAttempt) throw gaveUp(timeout);
    } else {
      throw asNavigationFailure(error);
    }
  }
  return response === null ? null : await describe(response);
}

function gaveUp(timeoutMs: number): ServiceError {
  return new ServiceError('STEP_TIMEOUT', `the page had not loaded after ${timeoutMs} ms, the limit of gotoOptions`);
}

function asNavigationFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const netError = /net::ERR_[A-Z0-9_]+/.exec(error.message)?.[0];
  if (netError) return new ServiceError('NAVIGATION_FAILED', netError, { cause: error });
  if (/Download is starting/.test(error.message)) {
    return new ServiceError('NAVIGATION_FAILED', 'the URL is a download, not a page', { cause: error });
  }
  return error;
}

async function describe(response: Response): Promise<NavigationAnswer> {
  const address = await response.serverAddr().catch(() => null);
  return {
    url: response.url(),
    status: response.status(),
    statusText: response.statusText(),
    ip: address?.ipAddress ?? null,
    port: address?.port ?? null,
  };
}

/** The strictest of Puppeteer's waits that Playwright has as well. */
function playwrightWait(
  waitUntil: WaitUntilName | WaitUntilName[] | undefined,
): 'load' | 'domcontentloaded' | 'commit' {
  const wanted = waitUntil === undefined ? ['load'] : [waitUntil].flat();
  if (wanted.includes('load')) return 'load';
  return wanted.includes('domcontentloaded') ? 'domcontentloaded' : 'commit';
}

/**
 * `networkidle0` and `networkidle2`: half a second with at most 0 or 2 requests under way. Chromium tells both; its
 * events are listened to before the navigation begins. Null when neither was asked for.
 */
function whenIdle(
  { cdp, page }: Lease,
  waitUntil: WaitUntilName | WaitUntilName[] | undefined,
): ((timeoutMs: number) => Promise<void>) | null {
  const wanted = [waitUntil ?? 'load'].flat();
  const name = wanted.includes('networkidle0')
    ? 'networkIdle'
    : wanted.includes('networkidle2')
      ? 'networkAlmostIdle'
      : null;
  if (!name) return null;
  let frameId = '';
  let isIdle = false;
  let wake = (): void => {};
  cdp.on('Page.lifecycleEvent', (event) => {
    // `init` is a new document's first event: what the blank page before it did does not count.
    if (event.name === 'init' && (frameId === '' || event.frameId === frameId)) {
      frameId = event.frameId;
      isIdle = false;
    }
    if (event.name === name && event.frameId === frameId) {
      isIdle = true;
      wake();
    }
  });
  const enabled = cdp
    .send('Page.enable')
    .then(() => cdp.send('Page.getFrameTree'))
    .then(({ frameTree }) => {
      frameId = frameTree.frame.id;
      return cdp.send('Page.setLifecycleEventsEnabled', { enabled: true });
    });
  return async (timeoutMs) => {
    await enabled;
    if (isIdle) return;
    const idle = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await (timeoutMs === 0 ? idle : Promise.race([idle, giveUp(page, timeoutMs)]));
  };
}

/** Playwright's own timeout error, so that it is told apart as its others are. */
async function giveUp(page: Lease['page'], timeoutMs: number): Promise<void> {
  await page.waitForEvent('close', { timeout: timeoutMs });
}
