/**
 * Every way of giving a token, right and wrong, and what is counted.
 */

import type { IncomingMessage } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ServiceError } from '../../src/failures.js';
import { createAuth } from '../../src/http/auth.js';

const test = suite('http/auth');
const TOKEN = 'sésame:open';

const base64 = (value: string): string => Buffer.from(value).toString('base64');

function scene(token: string | null = TOKEN) {
  let count = 0;
  const auth = createAuth({ token, count: () => count++ });
  /** The complaint; null when the request is let in. */
  const ask = (authorization?: string, query = ''): string | null => {
    const request = { headers: authorization === undefined ? {} : { authorization } } as IncomingMessage;
    try {
      auth.check(request, new URLSearchParams(query));
      return null;
    } catch (error) {
      assert.ok(error instanceof ServiceError);
      assert.is(error.code, 'UNAUTHORIZED');
      assert.equal(error.headers, { 'WWW-Authenticate': 'Bearer' });
      return error.message;
    }
  };
  return { ask, count: () => count };
}

test('the token is taken from the query, a Bearer raw or base64, and any part of Basic', () => {
  const { ask, count } = scene();
  assert.is(ask(undefined, `token=${encodeURIComponent(TOKEN)}`), null);
  for (const credentials of [TOKEN, base64(TOKEN)]) {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) assert.is(ask(`${scheme} ${credentials}`), null, credentials);
  }
  assert.is(ask(`Bearer   ${TOKEN}`), null);
  assert.is(ask(`Basic ${base64(TOKEN)}`), null);
  assert.is(count(), 0);
  const plain = scene('secret');
  for (const pair of ['secret', 'secret:', ':secret', 'user:secret', 'secret:x']) {
    assert.is(plain.ask(`Basic ${base64(pair)}`), null, pair);
  }
});

test('a wrong one is refused and counted, however nearly right', () => {
  const { ask, count } = scene();
  const wrong = ['', 'sésame', 'sésame:ope', 'sésame:openn', 'SÉSAME:OPEN', ' '];
  for (const token of wrong)
    assert.is(ask(undefined, `token=${encodeURIComponent(token)}`), 'the token is wrong', token);
  for (const header of [`Bearer x`, `Basic ${base64('a:b')}`, `Basic x`]) assert.is(ask(header), 'the token is wrong');
  assert.is(count(), wrong.length + 3);
});

test('none at all, or by a scheme that is not known, is told that one is needed', () => {
  const { ask, count } = scene();
  for (const header of [undefined, '', TOKEN, `Digest ${TOKEN}`, 'Bearer']) assert.is(ask(header), 'a token is needed');
  assert.is(count(), 5);
});

test('a right one beside a wrong one is enough', () => {
  const { ask } = scene();
  assert.is(ask(`Bearer ${TOKEN}`, 'token=wrong'), null);
  assert.is(ask('Bearer wrong', `token=${encodeURIComponent(TOKEN)}`), null);
});

test('a server without a token asks for none', () => {
  const { ask, count } = scene(null);
  assert.is(ask(), null);
  assert.is(ask('Bearer anything', 'token=x'), null);
  assert.is(count(), 0);
});

test.run();
