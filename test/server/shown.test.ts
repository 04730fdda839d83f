/**
 * How much of a target and of a message is shown.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createShown } from '../../src/server/shown.js';

const test = suite('server/shown');
const TOKEN = 'the+secret/token';
const PAGE = 'https://user:pass@shop.example:8443/orders/7?session=abc#part';

test('as much of a target as is allowed: never credentials, query or fragment', () => {
  const [none, host, url] = (['none', 'host', 'url'] as const).map((level) => createShown(level, null));
  assert.equal([none?.hostOf(PAGE), none?.urlOf(PAGE)], [null, null]);
  assert.equal([host?.hostOf(PAGE), host?.urlOf(PAGE)], ['shop.example:8443', null]);
  assert.equal([url?.hostOf(PAGE), url?.urlOf(PAGE)], ['shop.example:8443', 'https://shop.example:8443/orders/7']);
  assert.equal([url?.hostOf(null), url?.urlOf(null)], [null, null]);
});

test('hosts are shown where the host of a target is', () => {
  const hosts = ['shop.example:8443', 'b.example'];
  const [none, host, url] = (['none', 'host', 'url'] as const).map((level) => createShown(level, null).hostsOf(hosts));
  assert.equal([none, host, url], [[], hosts, hosts]);
});

test('what has no host is known by its scheme, and the page in a data: URL is not shown', () => {
  const shown = createShown('url', null);
  assert.equal([shown.hostOf('data:text/html,secret'), shown.urlOf('data:text/html,secret')], ['data:', 'data:']);
  assert.is(shown.hostOf('about:blank'), 'about:');
  assert.equal([shown.hostOf('no url'), shown.urlOf('no url')], [null, null]);
});

test('URLs in a message are shown as targets are', () => {
  const message = `cannot load ${PAGE} ("http://b.example/x?y=z"), nor ws://c.example`;
  assert.is(createShown('none', null).messageOf(message), 'cannot load … ("…"), nor …');
  assert.is(
    createShown('host', null).messageOf(message),
    'cannot load https://shop.example:8443 ("http://b.example"), nor ws://c.example',
  );
  assert.is(
    createShown('url', null).messageOf(message),
    'cannot load https://shop.example:8443/orders/7 ("http://b.example/x"), nor ws://c.example/',
  );
});

test('tokens, queries and credentials are cut out of a message', () => {
  const { messageOf } = createShown('host', TOKEN);
  const secrets: readonly [message: string, shown: string][] = [
    [`got ${TOKEN} twice: ${TOKEN}`, 'got … twice: …'],
    ['fetch of /api/a?key=1&b=2 failed', 'fetch of /api/a?… failed'],
    ['sent Authorization: Bearer abc.def-g', 'sent Authorization: Bearer …'],
    ['sent Basic dXNlcjpwYXNz', 'sent Basic …'],
    ['{"password": "open sesame", "n": 1}', '{"password": …, "n": 1}'],
    ['token=abc and api_key: xyz', 'token=… and api_key: …'],
    ['nothing to hide? no', 'nothing to hide? no'],
  ];
  for (const [message, shown] of secrets) assert.is(messageOf(message), shown);
});

test('URLs as only browsers read them are no way round it', () => {
  const { messageOf } = createShown('none', null);
  const odd: readonly (readonly [message: string, shown: string])[] = [
    ['at data:text/html,secret', 'at data:…'],
    ['got //user:secret@host/path', 'got //…@host/path'],
    ['got http:\\\\user:secret@host?secret', 'got …'],
    ['at about:blank?secret', 'at about:blank?…'],
    ['at /path?secret', 'at /path?…'],
  ];
  for (const [message, shown] of odd) assert.is(messageOf(message), shown);
});

test('a message is one line of bounded length, and a long one takes no time', () => {
  const { messageOf } = createShown('host', null);
  assert.is(messageOf('a\r\n  b\tc'), 'a b c');
  assert.is(messageOf('x'.repeat(1e6)).length, 500);
  assert.is(messageOf('?='.repeat(1e5)), '?=?…');
  assert.is(messageOf(`${'a'.repeat(1_990)}://${TOKEN}`).includes('secret'), false);
});

test.run();
