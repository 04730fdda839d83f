/**
 * What is told of the pages of a client: hosts, and nothing else of their URLs.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostsOf } from '../../../src/worker/broker/urls.js';

const test = suite('worker/broker/urls');

test('each host is there once, with its port, without credentials, path and query', () => {
  const urls = [
    'https://shop.example/orders/7?session=abc@d.example#part',
    'https://user:pass@shop.example/',
    'http://127.0.0.1:8080/a',
    'http://[::1]:8080?b',
    'http://c.example#d',
  ];
  assert.equal(hostsOf(urls), ['shop.example', '127.0.0.1:8080', '[::1]:8080', 'c.example']);
});

test('what is no place on the web has none', () => {
  const urls = ['about:blank', '', 'data:text/html,http://a.example', 'blob:http://a.example/1', 'chrome-error://x/'];
  assert.equal(hostsOf(urls), []);
});

test('at most ten are told, and none at any length', () => {
  const urls = Array.from({ length: 11 }, (_, i) => `http://${i}.example/`);
  assert.equal(
    hostsOf(urls),
    Array.from({ length: 10 }, (_, i) => `${i}.example`),
  );
  assert.is(hostsOf([`http://${'x'.repeat(100_000)}/`])[0]?.length, 260);
});

test.run();
