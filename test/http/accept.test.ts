/**
 * What clients accept, as they write it: case, order, weights and parameters.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hasAlready, isNamedWith, preferredType, takesGzip } from '../../src/http/accept.js';
import { printable } from '../../src/http/sessions.js';
import { freshSeed } from '../seeded-random.js';

const test = suite('http/accept');
const [JSON_TYPE, TEXT, OPEN] = ['application/json', 'text/plain', 'application/openmetrics-text'] as const;

test('of what is offered the one that weighs most; what is equal goes by order, and nothing by what is refused', () => {
  const cases: [string | undefined, string | undefined][] = [
    [undefined, JSON_TYPE],
    ['', JSON_TYPE],
    ['*/*', JSON_TYPE],
    [JSON_TYPE, JSON_TYPE],
    [OPEN, OPEN],
    ['TEXT/PLAIN', TEXT],
    ['text/plain;q=0.5, application/openmetrics-text', OPEN],
    ['text/plain ; q=0.5 , application/openmetrics-text ; q=0.4', TEXT],
    ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1', OPEN],
    ['application/openmetrics-text; q=0.3; version="0,1"; charset=utf-8, text/plain;q=0.2', OPEN],
    ['*/*, application/json;q=0', OPEN],
    ['application/json;q=0', undefined],
    ['application/json;Q=0, text/plain;q=0.001', TEXT],
    ['image/png', undefined],
    ['text/*', TEXT],
  ];
  for (const [accept, wanted] of cases) {
    assert.is(preferredType(accept === undefined ? {} : { accept }, [JSON_TYPE, OPEN, TEXT]), wanted, String(accept));
  }
});

test('a parameter is found wherever it stands', () => {
  const version = (accept: string) => isNamedWith({ accept }, TEXT, 'version');
  for (const accept of [
    'text/plain;version=0.0.4',
    'text/plain; charset=utf-8; Version=0.0.4',
    '*/*, TEXT/PLAIN ;version =1',
  ]) {
    assert.ok(version(accept), accept);
  }
  for (const accept of [
    '',
    'text/plain',
    'text/html;version=1',
    'text/plain;conversion=1',
    'text/plain, */*;version=1',
  ]) {
    assert.not.ok(version(accept), accept);
  }
});

test('gzip for whoever takes it no less than the body as it is', () => {
  const gzip = (encoding?: string) => takesGzip(encoding === undefined ? {} : { 'accept-encoding': encoding });
  for (const encoding of [
    'gzip',
    'GZIP',
    'gzip, deflate, br',
    'deflate, gzip;q=0.5',
    '*',
    'br;q=1, *;q=0.1',
    'identity;q=0.5, gzip',
  ]) {
    assert.ok(gzip(encoding), encoding);
  }
  for (const encoding of [undefined, '', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.0, *;q=0', '*;q=0', 'gzip;q=0, *']) {
    assert.not.ok(gzip(encoding), String(encoding));
  }
});

test('a tag is had already when it is named, weakly or among others', () => {
  // `fetch` sends the other header by itself.
  const has = (match: string) => hasAlready({ 'if-none-match': match, 'cache-control': 'no-cache' }, '"tag"');
  for (const match of ['"tag"', 'W/"tag"', '*', '"a", "tag"', '"a",W/"tag" ,"b"']) assert.ok(has(match), match);
  for (const match of ['"a"', 'tag', '"tag', '"TAG"', '']) assert.not.ok(has(match), match);
  assert.not.ok(hasAlready({}, '"tag"'));
});

test('whatever a page and its server say fits into a header', () => {
  const seed = freshSeed();
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constant('\ud83d'), fc.constant('🎉 OK'));
  fc.assert(
    fc.property(anything, (value) => {
      assert.match(printable(value), /^[\x20-\x7e]{0,8192}$/);
    }),
    { seed },
  );
  assert.is(printable('🎉 OK'), '%F0%9F%8E%89 OK');
  assert.is(printable('x'.repeat(9_000)).length, 8_192);
});

test.run();
