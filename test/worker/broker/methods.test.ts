/**
 * The list of what clients may ask for, against the protocol: no name that does not exist, none that reaches beyond
 * what is the client's, and URLs in the spellings in which they were got past others.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { REFUSED_METHODS } from '../../../src/protocol/names.js';
import { ALLOWED_METHODS, judge, type Params } from '../../../src/worker/broker/methods.js';

const test = suite('worker/broker/methods');
const rights = { allowsInsecureCerts: false };

function verdict(method: string, params: Params = {}, isRoot = false): string {
  return judge(method, params, { isRoot, rights }).kind;
}

/** Every method that the protocol has. */
function protocolMethods(): string[] {
  const require = createRequire(import.meta.url);
  return ['browser_protocol', 'js_protocol'].flatMap((name) => {
    const file = readFileSync(require.resolve(`devtools-protocol/json/${name}.json`), 'utf8');
    const { domains }: { domains: { domain: string; commands?: { name: string }[] }[] } = JSON.parse(file);
    return domains.flatMap(({ domain, commands = [] }) => commands.map(({ name }) => `${domain}.${name}`));
  });
}

test('each method exists, and is there once', () => {
  const there = new Set(protocolMethods());
  assert.equal(
    ALLOWED_METHODS.filter((method) => !there.has(method)),
    [],
  );
  assert.is(new Set(ALLOWED_METHODS).size, ALLOWED_METHODS.length);
});

test('the root has nothing but what the broker itself carries out', () => {
  for (const method of protocolMethods()) {
    const expected = judge(method, {}, { isRoot: false, rights }).kind === 'ours' ? 'ours' : 'refused';
    assert.is(verdict(method, {}, true), expected, method);
  }
});

test('what reaches the browser, its machine or others is refused', () => {
  const domains = 'BackgroundService BluetoothEmulation Cast CrashReportContext DeviceAccess Extensions FileSystem';
  const more = 'HeadlessExperimental PWA SmartCardEmulation SystemInfo Tethering Tracing WebMCP';
  const whole = protocolMethods().filter((method) =>
    `${domains} ${more}`.split(' ').includes(method.split('.')[0] ?? ''),
  );
  const single = [
    'Browser.crash',
    'Browser.crashGpuProcess',
    'Browser.executeBrowserCommand',
    'Browser.getBrowserCommandLine',
    'Browser.getHistogram',
    'Browser.getHistograms',
    'Emulation.addScreen',
    'Emulation.removeScreen',
    'Memory.simulatePressureNotification',
    'Page.setDownloadBehavior',
    'Target.autoAttachRelated',
    'Target.exposeDevToolsProtocol',
    'Target.openDevTools',
    'Target.sendMessageToTarget',
    'Target.setRemoteLocations',
    'Storage.runBounceTrackingMitigations',
    'Not.there',
    '__proto__',
    'constructor',
    'toString',
    '',
  ];
  for (const method of [...whole, ...single]) {
    assert.equal(judge(method, {}, { isRoot: false, rights }), {
      kind: 'refused',
      why: `headcount: ${method} is not allowed`,
    });
  }
});

test('a URL is what a parser makes of it', () => {
  const refused = [
    'file:///etc/passwd',
    'FILE:///etc/passwd',
    'fi\tle:///etc/passwd',
    'fi\nle:///etc/passwd',
    '\u0001file:///etc/passwd',
    '  file:///etc/passwd',
    'file:/etc/passwd',
    'file:etc',
    'view-source:file:///etc/passwd',
    'view-source:https://example.com',
    'filesystem:file:///x',
    'chrome://gpu',
    'about:gpu',
    'about:crash',
    'chrome-untrusted://x',
    'devtools://devtools/bundled/inspector.html',
    'javascript:1',
    'ftp://example.com',
    'no url',
    '',
    5,
    null,
    ['file:///etc/passwd'],
    { toString: 'file:' },
  ];
  for (const url of refused) {
    for (const method of ['Page.navigate', 'Fetch.continueRequest', 'Network.loadNetworkResource']) {
      assert.is(verdict(method, { url }), 'refused', `${method} ${JSON.stringify(url)}`);
    }
  }
  const allowed = [
    'https://example.com/',
    'http://127.0.0.1:1/a?b#c',
    'about:blank',
    'about:srcdoc',
    'data:,x',
    'blob:x',
  ];
  for (const url of allowed) {
    assert.equal(judge('Page.navigate', { url }, { isRoot: false, rights }), { kind: 'pass', params: { url } });
  }
  const written = judge('Page.navigate', { url: ' HTTP://Example.com' }, { isRoot: false, rights });
  assert.equal(written, { kind: 'pass', params: { url: 'http://example.com/' } }, 'Chromium is given what was judged');
  assert.is(verdict('Fetch.continueRequest', { requestId: '1' }), 'pass');
});

test('methods by whose names refusals are counted exist; all are there that are refused for what they name', () => {
  const there = new Set(protocolMethods());
  assert.equal(
    REFUSED_METHODS.filter((method) => !there.has(method)),
    [],
  );
  const known: ReadonlySet<string> = new Set(REFUSED_METHODS);
  const named = { url: 'file:///x', files: ['/x'], data: { files: ['/x'] } };
  const byName = ALLOWED_METHODS.filter((method) => verdict(method, named) === 'refused');
  assert.is(byName.length, 8);
  assert.equal(
    byName.filter((method) => !known.has(method)),
    [],
  );
  for (const method of REFUSED_METHODS) {
    const kind = verdict(method, named);
    assert.ok(kind === 'refused' || kind === 'ours', `${method} is always let through`);
  }
});

test('no file is named', () => {
  assert.is(verdict('DOM.setFileInputFiles', { files: ['/etc/passwd'] }), 'refused');
  for (const files of [undefined, '/etc/passwd', { 0: '/etc/passwd', length: 1 }]) {
    assert.is(verdict('DOM.setFileInputFiles', { files }), 'refused');
  }
  assert.is(verdict('DOM.setFileInputFiles', { files: [] }), 'pass');
  assert.is(verdict('Input.dispatchDragEvent', { data: { items: [], files: ['/etc/passwd'] } }), 'refused');
  assert.is(verdict('Input.dispatchDragEvent', { data: { items: [], files: '/etc/passwd' } }), 'refused');
  assert.is(verdict('Input.dispatchDragEvent', { data: { items: [] } }), 'pass');
});

test('of what the broker carries out, keys that it does not know are left out', () => {
  const params = { behavior: 'allow', downloadPath: '/etc', eventsEnabled: true, __proto__: null, other: 1 };
  assert.equal(judge('Browser.setDownloadBehavior', params, { isRoot: true, rights }), {
    kind: 'ours',
    params: { behavior: 'allow', eventsEnabled: true },
  });
});

test('certificates are taken unseen only where the server allows it', () => {
  const params = { ignore: true };
  assert.is(verdict('Security.setIgnoreCertificateErrors', params), 'refused');
  const allowed = { isRoot: false, rights: { allowsInsecureCerts: true } };
  assert.equal(judge('Security.setIgnoreCertificateErrors', params, allowed), { kind: 'pass', params });
});

test.run();
