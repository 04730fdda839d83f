/**
 * Who may ask, by what a browser says of where a request comes from, and by the host that it believes to speak to.
 */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLoopback } from '../../src/config/parse.js';
import { ServiceError } from '../../src/failures.js';
import { createGate } from '../../src/http/origin.js';

const test = suite('http/origin');
const PROXY = new URL('https://chrome.example:8443/path');

interface Given {
  readonly isOnLoopback?: boolean;
  readonly proxyUrl?: URL | null;
  readonly isCorsEnabled?: boolean;
}

/** The complaint; null when it is let in. */
function ask(headers: IncomingHttpHeaders, given: Given = {}): string | null {
  const gate = createGate({ isOnLoopback: true, proxyUrl: null, isCorsEnabled: false, isLoopback, ...given });
  try {
    gate.check({ headers } as IncomingMessage);
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
  const cors = { isCorsEnabled: true };
  assert.is(ask({ host: 'localhost', origin: 'http://any.example', 'sec-fetch-site': 'cross-site' }, cors), null);
  assert.match(ask({ host: 'evil.example' }, cors) ?? '', 'Host');
  const gateOf = (isCorsEnabled: boolean) =>
    createGate({ isOnLoopback: true, proxyUrl: null, isCorsEnabled, isLoopback });
  assert.is(gateOf(true).headers['Access-Control-Allow-Origin'], '*');
  assert.equal(gateOf(false).headers, {});
});

test.run();
