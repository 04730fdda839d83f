/**
 * `screenshot`: the viewport, the whole page, a part of it or an element, as an image. Taken over CDP: webp is only
 * there, and it saves what Playwright does around a capture.
 */
import { ServiceError } from '../../failures.js';
import type { ScreenshotBody } from '../../protocol/request.js';
import type { Lease } from '../shard.js';
import { toBytes } from './bytes.js';
import type { Product } from './product.js';

type Clip = { x: number; y: number; width: number; height: number; scale: number };

/** What Chromium can draw in one piece, in device pixels; beyond it, it repeats or drops what it drew. */
const SIDE_PIXELS_MAX = 16_384;

export async function runScreenshot(lease: Lease, body: ScreenshotBody): Promise<Product> {
  const { cdp, page } = lease;
  const { options = {}, selector } = body;
  const { type = 'png', quality, encoding = 'binary' } = options;
  if (body.scrollPage) await page.evaluate(SCROLL_THROUGH);
  const clip = await clipOf(lease, body);
  if (clip && Math.max(clip.width, clip.height) * clip.scale > SIDE_PIXELS_MAX) {
    throw new ServiceError('BAD_REQUEST', `the picture would be larger than ${SIDE_PIXELS_MAX} pixels on a side`);
  }
  if (options.omitBackground) {
    await cdp.send('Emulation.setDefaultBackgroundColorOverride', { color: { r: 0, g: 0, b: 0, a: 0 } });
  }
  const { data } = await cdp.send('Page.captureScreenshot', {
    format: type,
    ...(quality === undefined || type === 'png' ? {} : { quality }),
    ...(clip ? { clip } : {}),
    captureBeyondViewport:
      clip !== null && (options.fullPage === true || selector !== undefined || isBeyond(lease, clip)),
    // Zlib at its fastest: the same pixels for a quarter less CPU, in a somewhat larger file.
    optimizeForSpeed: true,
  });
  if (encoding === 'base64') return { body: toBytes(data, 'latin1'), contentType: 'text/plain; charset=utf-8' };
  return { body: toBytes(data, 'base64'), contentType: `image/${type}` };
}

async function clipOf({ page, cdp }: Lease, { options = {}, selector }: ScreenshotBody): Promise<Clip | null> {
  if (selector !== undefined) {
    const element = await page.waitForSelector(selector, { state: 'attached' });
    const box = await element.boundingBox();
    if (!box || !(box.width > 0 && box.height > 0)) {
      throw new ServiceError('BAD_REQUEST', `selector: "${selector}" has no visible box`);
    }
    const scrolled: { x: number; y: number } = await page.evaluate('({ x: scrollX, y: scrollY })');
    return { x: box.x + scrolled.x, y: box.y + scrolled.y, width: box.width, height: box.height, scale: 1 };
  }
  if (options.clip) return { scale: 1, ...options.clip };
  if (options.fullPage) {
    const { cssContentSize } = await cdp.send('Page.getLayoutMetrics');
    return { x: 0, y: 0, width: Math.ceil(cssContentSize.width), height: Math.ceil(cssContentSize.height), scale: 1 };
  }
  return null;
}

function isBeyond({ page }: Lease, clip: Clip): boolean {
  const view = page.viewportSize();
  return view === null || clip.x + clip.width > view.width || clip.y + clip.height > view.height;
}

/** Scrolls to the end a screen at a time, so that what loads on sight loads, and back; bounded for endless pages. */
const SCROLL_THROUGH = `(async () => {
  for (let i = 0; i < 200 && scrollY + innerHeight < document.documentElement.scrollHeight; i++) {
    scrollBy(0, innerHeight);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  scrollTo(0, 0);
})()`;
