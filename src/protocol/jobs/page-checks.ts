/**
 * What a schema cannot say of a body that has a page: keys that need or exclude each other, and texts that only their
 * own parser can judge. Pure.
 */
import { parseClientProxy } from '../../egress/proxies.js';
import { checkPatterns } from '../../patterns.js';
import type { ClientProxy } from '../egress.js';
import type { PageBody } from './page-body.js';
import { checkPixels } from './picture.js';
import { complaint } from './row.js';

/** Chromium's names, as Puppeteer writes them. */
const RESOURCE_TYPES = [
  ...['document', 'stylesheet', 'image', 'media', 'font', 'script', 'texttrack', 'xhr', 'fetch', 'prefetch'],
  ...['eventsource', 'websocket', 'manifest', 'signedexchange', 'ping', 'cspviolationreport', 'preflight', 'other'],
];

/** @throws {ServiceError} BAD_REQUEST */
export function checkPage(body: PageBody): void {
  if ((body.url === undefined) === (body.html === undefined))
    throw complaint('url', 'exactly one of url and html is needed');
  if (body.url !== undefined) checkUrl(body.url);
  for (const [i, tag] of [...(body.addScriptTag ?? []), ...(body.addStyleTag ?? [])].entries()) {
    if ((tag.url === undefined) === (tag.content === undefined)) {
      throw complaint(`tag ${i}`, 'exactly one of url and content is needed');
    }
  }
  checkPatterns(body);
  for (const [i, type] of (body.rejectResourceTypes ?? []).entries()) {
    if (!RESOURCE_TYPES.includes(type.toLowerCase())) {
      throw complaint(`rejectResourceTypes.${i}`, `must be one of ${RESOURCE_TYPES.join(', ')}`);
    }
  }
  checkHeaders('setExtraHTTPHeaders', body.setExtraHTTPHeaders ?? {});
  for (const [i, { response }] of (body.requestInterceptors ?? []).entries()) {
    const { headers = {}, contentType } = response;
    checkHeaders(`requestInterceptors.${i}.response.headers`, headers);
    checkHeaders(`requestInterceptors.${i}.response`, contentType === undefined ? {} : { contentType });
  }
  const { userAgent } = typeof body.userAgent === 'object' ? body.userAgent : body;
  if (/[\r\n\0]/.test(String(userAgent ?? ''))) throw complaint('userAgent', 'must be on one line');
  for (const [i, cookie] of (body.cookies ?? []).entries()) {
    if (cookie.url === undefined && cookie.domain === undefined && body.url === undefined) {
      throw complaint(`cookies.${i}`, 'needs a url or a domain when the page has no url');
    }
    if (cookie.url !== undefined && !/^https?:/.test(URL.canParse(cookie.url) ? new URL(cookie.url).protocol : '')) {
      throw complaint(`cookies.${i}.url`, 'must be an http or https URL');
    }
  }
  if (body.proxy) checkProxy(body.proxy, 'proxy.server');
  if (body.viewport) checkPixels('viewport', body.viewport, body.viewport.deviceScaleFactor ?? 1);
}

/** @throws {ServiceError} BAD_REQUEST, naming `key` */
export function checkProxy(proxy: ClientProxy, key: string): void {
  const parsed = parseClientProxy(proxy);
  if (parsed.kind === 'error') throw complaint(key, parsed.message);
}

/** Chromium refuses a page's bad header later. An interceptor's bad header it never refuses: the request hangs. */
function checkHeaders(key: string, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw complaint(`${key}.${name}`, 'not a header name');
    if (/[\r\n\0]/.test(value)) throw complaint(`${key}.${name}`, 'must be on one line');
  }
}

/**
 * Parsed as the browser parses it, and not judged by its prefix: capitals or a tab within the scheme change nothing for
 * a browser.
 */
function checkUrl(value: string): void {
  if (!URL.canParse(value)) throw complaint('url', 'must be an absolute URL');
  const { protocol, username, password, href } = new URL(value);
  const isAllowed = ['http:', 'https:', 'data:'].includes(protocol) || href === 'about:blank';
  if (!isAllowed) throw complaint('url', `must be http, https, data or about:blank, not ${protocol}`);
  if (username !== '' || password !== '') throw complaint('url', 'must not have credentials in it: use authenticate');
}
