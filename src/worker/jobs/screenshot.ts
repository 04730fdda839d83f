/**
 * `screenshot`: the viewport, the whole page, a part of it or an element, as an image. Over CDP, because only there is
 * webp, and because it saves what Playwright does around a capture.
 */
import { ServiceError } from '../../failures.js';
import type { Bytes } from '../../protocol/job.js';
import { checkPicture } from '../../protocol/jobs/picture.js';
import type { ScreenshotBody } from '../../protocol/jobs/screenshot.js';
import { valueApart } from '../evaluate.js';
import { DEFAULT_VIEWPORT, type Lease } from '../lease.js';
import { select } from '../mistakes.js';
import { metricsOf } from '../viewport.js';
import type { Times } from '../wait-limit.js';
import { toBytes } from './bytes.js';

type Clip = { x: number; y: number; width: number; height: number; scale: number };

const CAPTURE_ATTEMPTS = 5;

export async function runScreenshot(lease: Lease, body: ScreenshotBody, { waitLimitMs }: Times): Promise<Bytes> {
  const { cdp } = lease;
  const { options = {}, selector } = body;
  const { type = 'png', quality, encoding = 'binary' } = options;
  if (body.scrollPage) await valueApart(cdp, SCROLL_THROUGH);
  const { deviceScaleFactor } = body.viewport ?? {};
  if (body.viewport && deviceScaleFactor !== undefined) {
    // A capture has the scale that was set on its own CDP session. The page's scale was set on Playwright's.
    await cdp.send('Emulation.setDeviceMetricsOverride', metricsOf(body.viewport));
  }
  const clip = await clipOf(lease, body, waitLimitMs);
  // The edge has checked what the body says, so only sizes from the page are checked here.
  if (clip && !options.clip) {
    const key = selector === undefined ? 'options.fullPage' : 'selector';
    checkPicture(key, type, clip, deviceScaleFactor ?? 1);
  }
  // A jpeg is never transparent; its background would be black.
  if (options.omitBackground && type !== 'jpeg') {
    await cdp.send('Emulation.setDefaultBackgroundColorOverride', { color: { r: 0, g: 0, b: 0, a: 0 } });
  }
  const data = await capture(lease, {
    format: type,
    ...(quality === undefined || type === 'png' ? {} : { quality }),
    ...(clip ? { clip } : {}),
    captureBeyondViewport:
      clip !== null && (options.fullPage === true || selector !== undefined || isBeyond(body, clip)),
    // Zlib at its fastest: the same pixels for a quarter less CPU, in a somewhat larger file.
    optimizeForSpeed: true,
  });
  if (encoding === 'base64') return { body: toBytes(data, 'latin1'), contentType: 'text/plain; charset=utf-8' };
  return { body: toBytes(data, 'base64'), contentType: `image/${type}` };
}

interface CaptureOptions {
  readonly format: 'png' | 'jpeg' | 'webp';
  readonly quality?: number;
  readonly clip?: Clip;
  readonly captureBeyondViewport: boolean;
  readonly optimizeForSpeed: boolean;
}

/**
 * The picture as base64. Right after its load a page may not have drawn its first frame yet, one in ten on a busy
 * machine. Chromium then refuses, and is asked again when the page has drawn.
 */
export async function capture(
  { cdp }: Pick<Lease, 'cdp'>,
  options: CaptureOptions,
  attempts = CAPTURE_ATTEMPTS,
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await cdp.send('Page.captureScreenshot', options)).data;
    } catch (error) {
      const isEarly = error instanceof Error && error.message.includes('Unable to capture screenshot');
      if (!isEarly || attempt === attempts) throw error;
      await valueApart(cdp, NEXT_FRAME);
    }
  }
}

/** Resolves when a frame has been drawn, or half a second later. */
const NEXT_FRAME = `new Promise((resolve) => {
  setTimeout(resolve, 500);
  requestAnimationFrame(() => requestAnimationFrame(resolve));
})`;

async function clipOf(
  { playwright, cdp }: Lease,
  { options = {}, selector }: ScreenshotBody,
  waitLimitMs: () => number,
): Promise<Clip | null> {
  if (playwright && selector !== undefined) {
    const { page } = playwright;
    const element = await select('selector', waitLimitMs(), (timeout) =>
      page.waitForSelector(selector, { state: 'attached', timeout }),
    );
    const box = await element.boundingBox();
    if (!box || !(box.width > 0 && box.height > 0)) {
      throw new ServiceError('BAD_REQUEST', `selector: "${selector}" has no visible box`);
    }
    const { cssVisualViewport } = await cdp.send('Page.getLayoutMetrics');
    const { pageX, pageY } = cssVisualViewport;
    return { x: box.x + pageX, y: box.y + pageY, width: box.width, height: box.height, scale: 1 };
  }
  if (options.clip) return { scale: 1, ...options.clip };
  if (options.fullPage) {
    const { cssContentSize } = await cdp.send('Page.getLayoutMetrics');
    return { x: 0, y: 0, width: Math.ceil(cssContentSize.width), height: Math.ceil(cssContentSize.height), scale: 1 };
  }
  return null;
}

function isBeyond({ viewport }: ScreenshotBody, clip: Clip): boolean {
  const { width, height } = viewport ?? DEFAULT_VIEWPORT;
  return clip.x + clip.width > width || clip.y + clip.height > height;
}

/**
 * Scrolls to the end one screen at a time and back, so that what loads on sight loads. Bounded, because pages may be
 * endless. Counts frames, because a page with JavaScript off has no timers.
 */
const SCROLL_THROUGH = `(async () => {
  for (let i = 0; i < 200 && scrollY + innerHeight < document.documentElement?.scrollHeight; i++) {
    scrollBy(0, innerHeight);
    for (let frame = 0; frame < 3; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  scrollTo(0, 0);
})()`;
