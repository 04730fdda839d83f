/**
 * Who may ask, by what a browser says of a request's origin, and by the host to which it believes it speaks.
 */

import type { IncomingHttpHeaders } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLoopback } from '../../src/config/parse.js';
import { ServiceError } from '../../src/failures.js';
import { type Cors, createGate, type GateOptions } from '../../src/http/origin.js';

const test = suite('http/origin');
const PROXY = new URL('https://chrome.example:8443/path');

const CORS: Cors = { origins: ['*'], methods: ['GET', 'PUT'], headers: ['X-One', 'X-Two'], maxAgeS: 7 };

const gateOf = (given: Partial<GateOptions> = {}) =>
  createGate({ isOnLoopback: true, proxyUrl: null, cors: null, isLoopback, onForeignHost: () => {}, ...given });

/** Only some routes may be linked to. */
type Given = Partial<GateOptions> & { readonly method?: string; readonly isLinkable?: true };

/** The complaint; null when the request is let in. */
function ask(headers: IncomingHttpHeaders, { method = 'GET', isLinkable, ...given }: Given = {}): string | null {
  try {
    gateOf(given).check({ method, headers }, isLinkable ? { isLinkable } : {});
    return null;
  } catch (error) {
    assert.ok(error instanceof ServiceError);
    assert.is(error.code, 'FORBIDDEN_ORIGIN');
    return error.message;
  }
}

test('on loopback only hosts of this machine are its own; a name that resolves to it is DNS rebinding', () => {
  for (const host of [
    '127.0.0.1:3000',
    '127.0.0.1',
    'localhost',
    'localhost:1',
    '[::1]:3000',
    '127.1.2.3',
    'LOCALHOST',
  ]) {
    assert.is(ask({ host }), null, host);
  }
  for (const host of [
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil',
    '10.0.0.1',
    '',
    '[::2]',
    'a b',
    '@127.0.0.1x',
  ]) {
    assert.match(ask({ host }) ?? '', 'Host', host);
  }
  assert.match(ask({}) ?? '', 'Host', 'none at all');
});

test('the host of the proxy is its own, whatever the server listens on; beyond loopback every host is', () => {
  assert.is(ask({ host: 'chrome.example:8443' }, { proxyUrl: PROXY }), null);
  assert.match(ask({ host: 'chrome.example' }, { proxyUrl: PROXY }) ?? '', 'Host', 'another port');
  assert.is(ask({ host: 'anything.example' }, { isOnLoopback: false }), null);
});

test('a page of another origin is refused, its own and the proxy are not', () => {
  const host = '127.0.0.1:3000';
  assert.is(ask({ host, origin: 'http://127.0.0.1:3000' }), null);
  assert.is(ask({ host: 'LOCALHOST:3000', origin: 'http://localhost:3000' }), null);
  for (const origin of [
    'http://evil.example',
    'http://127.0.0.1:3001',
    'null',
    '',
    'http://127.0.0.1:3000.evil.example',
  ]) {
    assert.match(ask({ host, origin }) ?? '', 'another origin', origin);
  }
  assert.is(ask({ host, origin: PROXY.origin }, { proxyUrl: PROXY }), null);
  assert.match(ask({ host, origin: 'http://chrome.example:8443' }, { proxyUrl: PROXY }) ?? '', 'another origin');
});

test('what a browser sends without an Origin is told by Sec-Fetch-Site', () => {
  const host = 'localhost';
  for (const site of ['same-origin', 'none']) assert.is(ask({ host, 'sec-fetch-site': site }), null, site);
  for (const site of ['cross-site', 'same-site']) {
    assert.match(ask({ host, 'sec-fetch-site': site }) ?? '', 'another site', site);
  }
});

test('with CORS other origins are let in and told so; a foreign Host still is not', () => {
  const cors = { cors: CORS };
  assert.is(ask({ host: 'localhost', origin: 'http://any.example', 'sec-fetch-site': 'cross-site' }, cors), null);
  assert.match(ask({ host: 'evil.example' }, cors) ?? '', 'Host');
  const request = { method: 'GET', headers: { host: 'localhost', origin: 'http://any.example' } };
  assert.is(gateOf(cors).headersFor(request)['Access-Control-Allow-Origin'], '*');
  assert.equal(gateOf().headersFor(request), {});
});

const LIST = { cors: { ...CORS, origins: ['https://one.example', 'http://two.example:81'] } };

test('with a list of origins those are let in and no others, and what has no origin is told by its site', () => {
  const host = 'localhost:3000';
  for (const origin of [...LIST.cors.origins, 'http://localhost:3000']) {
    assert.is(ask({ host, origin, 'sec-fetch-site': 'cross-site' }, LIST), null, origin);
  }
  for (const origin of ['http://one.example', 'https://one.example:444', 'https://sub.one.example', 'null', '*']) {
    assert.match(ask({ host, origin }, LIST) ?? '', /another origin.*CORS_ALLOW_ORIGIN/, origin);
  }
  assert.match(ask({ host, 'sec-fetch-site': 'cross-site' }, LIST) ?? '', /another site.*CORS_ALLOW_ORIGIN/);
  assert.is(ask({ host }, LIST), null);
});

test('answers say what pages may do: to everybody alike, or to whom it concerns, and nothing to others', () => {
  const headersFor = (given: Partial<GateOptions>, method: string, origin?: string) =>
    gateOf(given).headersFor({ method, headers: origin === undefined ? {} : { origin } });
  const toAll = headersFor({ cors: CORS }, 'GET');
  assert.equal(Object.keys(toAll), ['Access-Control-Allow-Origin', 'Access-Control-Expose-Headers']);
  for (const name of ['x-session-id', 'x-response-status', 'x-response-ip', 'x-response-port', 'Server-Timing']) {
    assert.match(toAll['Access-Control-Expose-Headers'] ?? '', name);
  }
  const preflight = {
    'Access-Control-Allow-Methods': 'GET, PUT',
    'Access-Control-Allow-Headers': 'X-One, X-Two',
    'Access-Control-Max-Age': '7',
  };
  assert.equal(headersFor({ cors: CORS }, 'OPTIONS', 'https://any.example'), { ...toAll, ...preflight });
  const one = { ...toAll, 'Access-Control-Allow-Origin': 'https://one.example', Vary: 'Origin' };
  assert.equal(headersFor(LIST, 'GET', 'https://one.example'), one);
  assert.equal(headersFor(LIST, 'OPTIONS', 'https://one.example'), { ...one, ...preflight });
  assert.equal(headersFor(LIST, 'OPTIONS', 'https://other.example'), { Vary: 'Origin' });
  assert.equal(headersFor(LIST, 'GET'), { Vary: 'Origin' }, 'a cache may give it to anybody');
});

test('a link from elsewhere leads to what may be linked to, by GET and as a navigation only', () => {
  for (const site of ['cross-site', 'same-site', 'none', 'same-origin']) {
    const headers = { host: 'localhost', 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' };
    assert.is(ask(headers, { isLinkable: true }), null, site);
  }
  const link = { host: 'localhost', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  assert.match(ask(link) ?? '', 'another site', 'to any other route');
  assert.match(ask(link, { isLinkable: true, method: 'POST' }) ?? '', 'another site', 'a form');
  assert.match(ask({ ...link, 'sec-fetch-mode': 'no-cors' }, { isLinkable: true }) ?? '', 'another site', 'an image');
  assert.match(ask({ ...link, host: 'evil.example' }, { isLinkable: true }) ?? '', 'Host', 'DNS rebinding');
});

test('who sends another Host is told which it was and what to set, and the first time somebody else is', () => {
  const told: string[] = [];
  const gate = gateOf({ onForeignHost: (host) => told.push(host) });
  const messageFor = (host: string): string => {
    try {
      gate.check({ method: 'GET', headers: { host } }, {});
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.match(messageFor('chrome.example:8443'), /Host header is chrome\.example:8443,.*PROXY_URL/);
  assert.match(messageFor('a\u0007b\nc\u00e9'), 'is a?b?c?,');
  assert.match(messageFor(''), 'is empty,');
  assert.ok(messageFor('x'.repeat(10_000)).length < 400);
  assert.equal(told, ['chrome.example:8443']);
});

test.run();
