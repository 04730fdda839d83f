/**
 * Whose request it is, behind proxies that are trusted and others that are not.
 */

import type { IncomingMessage } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createClientOf } from '../../src/http/client-address.js';

const test = suite('http/client-address');

/** The part of a request that is read. */
function from(remoteAddress: string | undefined, forwarded?: string): IncomingMessage {
  const socket = { remoteAddress };
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return { socket, connection: socket, headers } as unknown as IncomingMessage;
}

test('without trusted proxies it is the socket, whatever the header says', () => {
  const clientOf = createClientOf([]);
  assert.is(clientOf(from('10.0.0.1', '1.2.3.4')), '10.0.0.1');
  assert.is(clientOf(from('::ffff:10.0.0.1')), '10.0.0.1');
  assert.is(clientOf(from('::1')), '::1');
  assert.is(clientOf(from(undefined)), null);
});

test('behind trusted ones it is the last address that none of them is', () => {
  const clientOf = createClientOf(['10.0.0.0/8', '::1']);
  assert.is(clientOf(from('10.0.0.1', '1.2.3.4')), '1.2.3.4');
  assert.is(clientOf(from('::ffff:10.0.0.1', '6.6.6.6, 1.2.3.4, 10.9.9.9')), '1.2.3.4', 'the first was made up');
  assert.is(clientOf(from('::1', '2001:db8::7')), '2001:db8::7');
  assert.is(clientOf(from('10.0.0.1')), '10.0.0.1', 'the proxy itself asks');
});

test('the header of anybody else is not believed', () => {
  const clientOf = createClientOf(['10.0.0.1']);
  assert.is(clientOf(from('10.0.0.2', '1.2.3.4')), '10.0.0.2');
});

test('what is no address is not taken for one', () => {
  const clientOf = createClientOf(['10.0.0.1']);
  for (const told of ['unknown', '<script>', '1.2.3.4:80', '', ',']) {
    assert.is(clientOf(from('10.0.0.1', told)), '10.0.0.1', told);
  }
  assert.is(clientOf(from(undefined, '1.2.3.4')), null);
});

test.run();
