/**
 * What clients over WebSocket may ask for, in the query and in `launch=`.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ServiceError } from '../../src/failures.js';
import { type ClientOptionsOptions, readClientOptions } from '../../src/http/client-options.js';

const test = suite('http/client-options');
const bounds = { maxPayloadBytes: 1, maxBufferedBytes: 2, idleMs: 3 };
const PLAIN = { windowSize: null, userAgent: null, language: null, timezone: null, ignoresCertificates: false };

function read(query: Readonly<Record<string, string>>, given: Partial<ClientOptionsOptions> = {}) {
  const ignored: string[] = [];
  const allowed = { allowsInsecureCerts: true, allowsClientProxy: true, ...given };
  const options = { bounds, ...allowed, onIgnored: (name: string) => void ignored.push(name) };
  return { ...readClientOptions(new URLSearchParams(query), options), ignored };
}

function complaintOf(query: Readonly<Record<string, string>>, given: Partial<ClientOptionsOptions> = {}): string {
  try {
    read(query, given);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    assert.is(error.code, 'BAD_REQUEST');
    return error.message;
  }
  return 'none';
}

const launch = (value: unknown) => ({ launch: JSON.stringify(value) });

test('without a word a client has what the server gives to everybody', () => {
  const of = { ...bounds, allowsClientProxy: false, allowsInsecureCerts: false, proxy: null, emulation: PLAIN };
  const given = { allowsClientProxy: false, allowsInsecureCerts: false };
  assert.equal(read({ token: 'x', timeout: '5', trackingId: 'a' }, given), { ...of, ignored: [] });
});

test('the query and launch, plain or in base64, are ways to say the same', () => {
  const expected = {
    windowSize: { width: 800, height: 600 },
    userAgent: 'mine',
    language: 'de-AT,de;q=0.8',
    timezone: 'Europe/Vienna',
    ignoresCertificates: true,
  };
  const flags = { '--window-size': '800,600', '--user-agent': 'mine', '--lang': 'de-AT,de;q=0.8' };
  const asked = { ...flags, timezone: 'Europe/Vienna', ignoreHTTPSErrors: '' };
  assert.equal(read(asked).emulation, expected);
  const args = Object.entries(flags).map(([name, value]) => `${name}=${value}`);
  const same = { args, timezone: 'Europe/Vienna', ignoreHTTPSErrors: true };
  assert.equal(read(launch(same)).emulation, expected);
  assert.equal(read({ launch: Buffer.from(JSON.stringify(same)).toString('base64') }).emulation, expected);
  assert.equal(read({ ...launch(same), '--user-agent': 'other' }).emulation, { ...expected, userAgent: 'other' });
  const { windowSize } = read(launch({ defaultViewport: { width: 800, height: 600 } })).emulation;
  assert.equal(windowSize, expected.windowSize);
  assert.is(read(launch({ defaultViewport: null })).emulation.windowSize, null);
});

test('a proxy and any certificate are had where the server allows them', () => {
  for (const name of ['externalProxyServer', '--proxy-server']) {
    assert.equal(read({ [name]: 'http://a:b@proxy.test:1' }).proxy, { server: 'http://a:b@proxy.test:1' });
    const refused = complaintOf({ [name]: 'http://proxy.test:1' }, { allowsClientProxy: false });
    assert.match(refused, 'externalProxyServer: must not be there, since only ALLOW_CLIENT_PROXY=true');
    assert.match(complaintOf({ [name]: 'gopher://proxy.test' }), /^externalProxyServer: /);
  }
  for (const asked of [{ ignoreHTTPSErrors: 'true' }, launch({ args: ['--ignore-certificate-errors'] })]) {
    assert.match(complaintOf(asked, { allowsInsecureCerts: false }), 'only ALLOW_INSECURE_CERTS=true');
  }
  assert.is(read({ ignoreHTTPSErrors: 'false' }, { allowsInsecureCerts: false }).emulation.ignoresCertificates, false);
});

test('what changes nothing that a client gets is ignored, and told', () => {
  const asked = {
    stealth: '',
    blockAds: 'true',
    '--no-sandbox': '',
    ...launch({ headless: true, args: ['--mute-audio'] }),
  };
  assert.equal(read(asked).ignored, ['headless', '--mute-audio', 'stealth', 'blockAds', '--no-sandbox']);
});

test('what needs a browser of its own is refused, and says that it comes later', () => {
  for (const asked of [
    { isolation: 'browser' },
    { '--remote-debugging-port': '9222' },
    launch({ args: ['--load-extension=/x'] }),
    launch({ args: ['--renderer-cmd-prefix=sh'] }),
    { keepalive: '1000' },
  ]) {
    assert.match(complaintOf(asked), 'comes later');
  }
  for (const name of ['executablePath', 'userDataDir', 'env']) {
    assert.match(complaintOf(launch({ [name]: 'x' })), `${name}: sessions neither read nor write files`);
  }
});

test('what is written wrongly is named, with what was expected', () => {
  for (const [asked, expected] of [
    [{ '--window-size': '0,5' }, '--window-size: must be width,height'],
    [{ '--window-size': '1e6,1' }, '--window-size: must be'],
    [launch({ defaultViewport: 'big' }), '--window-size: must be'],
    [{ '--user-agent': 'a\r\nb' }, '--user-agent: must be'],
    [{ '--lang': 'de_' }, '--lang: must be'],
    [{ timezone: 'Mars/Base' }, 'timezone: must be'],
    [{ launch: '[]' }, 'launch: must be a JSON object'],
    [{ launch: '{' }, 'launch: must be a JSON object'],
    [{ launch: 'null' }, 'launch: must be a JSON object'],
    [launch({ args: 'x' }), 'launch.args: must be a list of texts'],
    [launch({ __proto__: null, constructor: 'x' }), 'constructor: unknown to sessions over WebSocket'],
    [{ timezon: 'x' }, 'timezon: unknown to sessions over WebSocket; did you mean timezone?'],
  ] as const) {
    const complaint = complaintOf(asked);
    assert.ok(complaint.startsWith(expected), `${JSON.stringify(asked)}: ${complaint}`);
  }
});

test.run();
