/**
 * The cookies with which a page begins, as Puppeteer takes them. Worker thread.
 */
import type { PageBody } from '../protocol/jobs/page-body.js';
import type { Cdp } from './cdp/cdp.js';
import { apply } from './mistakes.js';

type Cookie = NonNullable<PageBody['cookies']>[number];

/** In seconds this would be the year 5138, so it is meant in ms. */
const SECONDS_MAX = 1e11;

/** @throws {ServiceError} BAD_REQUEST that names the cookie which Chromium refuses. */
export async function setCookies(cdp: Cdp, { cookies = [], url }: PageBody): Promise<void> {
  for (const [i, cookie] of cookies.entries()) {
    // One by one, because Chromium does not say which of several it refuses.
    await apply(`cookies.${i}`, () => cdp.send('Network.setCookies', { cookies: [asChromium(cookie, url)] }));
  }
}

function asChromium({ expires = -1, ...cookie }: Cookie, pageUrl: string | undefined) {
  const isLasting = expires >= 0;
  return {
    ...(pageUrl === undefined || cookie.domain !== undefined ? {} : { url: pageUrl }),
    ...cookie,
    ...(isLasting ? { expires: expires > SECONDS_MAX ? expires / 1000 : expires } : {}),
  };
}
