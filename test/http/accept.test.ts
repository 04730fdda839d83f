/**
 * What the headers of a client mean, one after the other, and that all routes that differ by them agree.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { holds, namesType, preferredType, takesGzip } from '../../src/http/accept.js';
import { answerFailure } from '../../src/http/failure.js';
import { managementHandlers } from '../../src/http/management.js';
import { metricsHandlers } from '../../src/http/metrics.js';
import { pageHandlers } from '../../src/http/page.js';
import type { Answer, Request } from '../../src/http/route.js';

const test = suite('http/accept');

test('of two types the one that weighs more is taken, of equals the first, whatever case, order and parameters', () => {
  const types = ['text/plain', 'application/json'] as const;
  const wanted = {
    'application/json': types[1],
    'Application/JSON; Charset="utf-8"': types[1],
    'application/json;q=0': types[0],
    'application/json; Q=0.000, */*': types[0],
    'text/plain;q=0.5, application/json': types[1],
    'application/json;q=0.5,text/plain;charset=utf-8;q=0.6': types[0],
    'text/plain;q=0, */*;q=0.1': types[1],
    'text/*;q=0.2, application/*;q=0.3': types[1],
    '*/*': types[0],
    'image/png': types[0],
    '': types[0],
    ', ;q=x,=': types[0],
  };
  for (const [accept, type] of Object.entries(wanted)) assert.is(preferredType({ accept }, [...types]), type, accept);
  assert.is(preferredType({}, [...types]), types[0]);
});

test('a version is any version, and asked for by whoever names one', () => {
  const types = ['text/plain', 'text/plain;version=any'] as const;
  for (const accept of ['text/plain;version=0.0.4', 'text/plain; charset=utf-8; VERSION="9"; q=0.1']) {
    assert.is(preferredType({ accept }, [...types]), types[1], accept);
  }
  for (const accept of ['text/plain', 'text/plain;subversion=1', 'text/plain;version=1;q=0']) {
    assert.is(preferredType({ accept }, [...types]), types[0], accept);
  }
});

test('a type is named by its name, not by a wildcard, nor with q=0', () => {
  const isJson = (type: string) => type.endsWith('json');
  assert.ok(namesType({ accept: 'text/html, APPLICATION/JSON;q=0.1' }, isJson));
  for (const accept of ['*/*', 'application/json;q=0', 'application/json ; charset=x; q=0.0', '']) {
    assert.not.ok(namesType({ accept }, isJson), accept);
  }
  assert.not.ok(namesType({}, isJson));
});

test('gzip is taken by whoever names it, or anything, and not with q=0', () => {
  for (const yes of ['gzip', 'GZip', 'br, gzip;q=0.5', '*', 'identity;q=0, *', 'gzip;q=0.1, *;q=0', 'x, gzip ; q=1']) {
    assert.ok(takesGzip({ 'accept-encoding': yes }), yes);
  }
  for (const no of ['', 'br', 'gzip;q=0', 'gzip; Q=0.00', '*;q=0', '*, gzip;q=0', 'identity, gzip;q=0.5']) {
    assert.not.ok(takesGzip({ 'accept-encoding': no }), no);
  }
  assert.not.ok(takesGzip({}));
});

test('a tag is held by whoever names it, weak or among others, or any', () => {
  for (const yes of ['"a"', 'W/"a"', '*', ' * ', '"b" , W/"a"']) assert.ok(holds({ 'if-none-match': yes }, '"a"'), yes);
  for (const no of ['"A"', 'a', '"b"', '', '"a-gzip"', '"a', 'w/"a"']) {
    assert.not.ok(holds({ 'if-none-match': no }, '"a"'), no);
  }
  assert.not.ok(holds({ 'if-modified-since': new Date().toUTCString() }, '"a"'), 'no answer of ours has a date');
  assert.ok(holds({ 'if-none-match': '"a"', 'cache-control': 'no-cache' }, '"a"'), 'as fetch asks');
});

const view = () => ({ chunks: [], tag: '' });
const metrics = metricsHandlers({
  takeSnapshot: () => ({}) as never,
  history: view,
  totals: view,
  prometheus: {
    render: view,
    contentTypes: { text: 'text/plain; version=0.0.4', openmetrics: 'application/openmetrics-text' },
  },
  nowEpochMs: () => 0,
  bootId: '',
});
const pressure = { isAvailable: true, message: '' } as never;
const management = managementHandlers({
  pressure: () => pressure,
  notReady: () => null,
  config: () => ({}),
  meta: () => ({}),
});
const pages = pageHandlers({ isTokenNeeded: false, version: '', paths: [] });

type Name = 'metrics' | 'prometheus' | 'pressure' | 'page' | 'failure';
const ROUTES: Readonly<Record<Name, (request: Request<object>) => Answer | Promise<Answer>>> = {
  metrics: (request) => metrics.metrics(request),
  prometheus: (request) => metrics.prometheus(request),
  pressure: (request) => management.pressure(request),
  page: (request) => pages.page(request),
  failure: ({ raw }) => answerFailure(raw, new Error('any')),
};

/** By what is accepted, the type that each route answers with. */
const ANSWERS: readonly (readonly [string | undefined, Readonly<Partial<Record<Name, string>>>])[] = [
  [
    undefined,
    { metrics: 'application/json', prometheus: 'text/plain', pressure: 'application/json', page: 'text/plain' },
  ],
  [
    '*/*',
    { metrics: 'application/json', prometheus: 'text/plain', pressure: 'application/json', failure: 'text/plain' },
  ],
  ['TEXT/Plain; charset=utf-8; version=0.0.4', { metrics: 'text/plain', prometheus: 'text/plain' }],
  ['text/plain;version=0.0.4;q=0, */*', { metrics: 'application/json', prometheus: 'text/plain' }],
  ['text/plain', { metrics: 'application/json', prometheus: 'text/plain', pressure: 'text/plain', page: 'text/plain' }],
  ['application/json;q=0.9, text/plain; charset=utf-8', { pressure: 'text/plain', failure: 'application/json' }],
  ['text/plain;q=0, application/json', { pressure: 'application/json', failure: 'application/json' }],
  ['application/json;q=0', { failure: 'text/plain', pressure: 'application/json' }],
  ['text/html, */*;q=0.8', { metrics: 'application/json', page: 'text/html', failure: 'text/plain' }],
  ['Text/HTML;level=1', { page: 'text/html' }],
  ['text/html;q=0, */*', { page: 'text/plain' }],
  [
    'application/openmetrics-text',
    { metrics: 'application/openmetrics-text', prometheus: 'application/openmetrics-text' },
  ],
  ['application/openmetrics-text;q=0', { metrics: 'application/json', prometheus: 'text/plain' }],
  ['text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5', { metrics: 'text/plain' }],
  ['application/openmetrics-text;version=0.0.1;q=0.5,text/plain;q=0.3', { prometheus: 'application/openmetrics-text' }],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    { metrics: 'application/openmetrics-text', prometheus: 'application/openmetrics-text' },
  ],
];

for (const [accept, expected] of ANSWERS) {
  test(`Accept: ${accept ?? '(none)'}`, async () => {
    const headers = accept === undefined ? {} : { accept };
    const request = { headers, given: {}, raw: { headers } } as unknown as Request<object>;
    for (const [name, handle] of Object.entries(ROUTES)) {
      const type = expected[name as Name];
      if (type === undefined) continue;
      const answer = await handle(request);
      assert.is(answer.headers['Content-Type']?.split(';')[0], type, name);
    }
  });
}

test.run();
