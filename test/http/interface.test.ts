/**
 * The table of routes: a new route is a row and a handler, and all else follows.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pathsOf, ROUTES, routesOf, statusesOf } from '../../src/http/interface.js';
import { COUNT, instant, OPERATION, TIMEOUT, TRACKING_ID } from '../../src/http/parameters.js';
import { text } from '../../src/http/route.js';
import { serve, TOKEN } from './served.js';

const test = suite('http/interface');
const ALL = { apiGet: true, testSessions: true };
const NONE = { apiGet: false, testSessions: false };

const TABLE = {
  hello: {
    paths: ['/hello/:name', '/hi/:name'],
    methods: ['POST'],
    methodsWith: { GET: 'apiGet' },
    about: 'greets',
    query: { last: COUNT, since: instant('') },
    answers: { 201: ['text/plain'] },
  },
  hidden: { paths: ['/hidden'], methods: ['GET'], about: 'for tests', answers: { 200: [] }, onlyWith: 'testSessions' },
} as const;

const seen: unknown[] = [];
const HANDLERS = {
  hello: ({ params, given }: { params: Readonly<Record<string, string>>; given: object }) => {
    seen.push(given);
    return text(`hello ${params['name']}`, 201);
  },
  hidden: () => text('found'),
};

test('a row and a handler are a route: path, aliases, methods, token and query follow', async () => {
  const served = await serve(routesOf(TABLE, HANDLERS, NONE));
  const ask = async (path: string, method = 'POST', token = TOKEN) => {
    const response = await fetch(served.url + path, { method, headers: { authorization: `Bearer ${token}` } });
    return { status: response.status, allow: response.headers.get('allow'), body: await response.text() };
  };
  try {
    assert.equal(await ask('/hello/you?last=3&since=7'), { status: 201, allow: null, body: 'hello you' });
    assert.is((await ask('/hi/you')).status, 201);
    const [first, second] = seen as { last: number; since: (nowMs: number) => number }[];
    assert.equal([first?.last, first?.since(0)], [3, 7]);
    assert.equal(second, {}, 'what is not given is not there');
    assert.equal(await ask('/hello/you', 'GET'), {
      status: 405,
      allow: 'POST, OPTIONS',
      body: 'GET is not for /hello/:name; POST, OPTIONS are\n',
    });
    assert.is((await ask('/hello/you', 'POST', 'wrong')).status, 401);
    assert.equal(await ask('/hello/you?last=x'), {
      status: 400,
      allow: null,
      body: 'last: must be a whole number from 1\n',
    });
    assert.is((await ask('/hello/you?unknown=x')).status, 201);
    assert.is((await ask('/hidden', 'GET')).status, 404);
    assert.is(seen.length, 3, 'no handler is called in vain');
    assert.equal(served.answered.slice(0, 2), ['/hello/:name POST 201', '/hi/:name POST 201']);
    assert.equal(served.errors, []);
  } finally {
    await served.close();
  }
});

test('what is switched on is there, with its label value', async () => {
  assert.equal(pathsOf(TABLE, NONE), ['/hello/:name', '/hi/:name']);
  assert.equal(pathsOf(TABLE, ALL), ['/hello/:name', '/hi/:name', '/hidden']);
  assert.equal(statusesOf(TABLE), [201, 200]);
  const served = await serve(routesOf(TABLE, HANDLERS, ALL));
  try {
    const headers = { authorization: `Bearer ${TOKEN}` };
    assert.is((await fetch(`${served.url}/hello/you`, { headers })).status, 201);
    assert.is(await (await fetch(`${served.url}/hidden`, { headers })).text(), 'found');
  } finally {
    await served.close();
  }
});

test('no path is there twice, and each is written down in the table only', () => {
  const paths = pathsOf(ROUTES, ALL);
  assert.equal(paths.length, new Set(paths).size);
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  // The live page runs in the browser, and knows the interface only from outside.
  const others = files.filter((file) => !file.startsWith('page/') && file !== 'http/interface.ts');
  assert.ok(others.includes('http/page.ts'));
  const wrong = others.flatMap((file) => {
    const code = readFileSync(`src/${file}`, 'utf8');
    return paths.filter((one) => one.length > 1 && code.includes(`'${one}'`)).map((one) => `${file}: '${one}'`);
  });
  assert.equal(wrong, []);
});

test('a parameter says what it means, or that it cannot be read', () => {
  const cases: [{ read(value: string): unknown }, string[], string[]][] = [
    [COUNT, ['1', '999999999'], ['0', '-1', '1.5', '1000000000', '', ' 1', '1e3']],
    [TIMEOUT, ['1', '-1', '900000', '007'], ['0', '-2', '1.5', '', 'abc', '0x10', '1000000000000000']],
    [TRACKING_ID, ['a', 'A_-9', 'a'.repeat(32)], ['', 'a b', 'a'.repeat(33), 'é']],
    [OPERATION, ['null', 'main-census'], ['', 'NULL', 'other', '__proto__']],
    [
      instant(''),
      ['0', '-2h', '-1s', '2026-01-01', '2026-01-01T00:00:00Z'],
      ['', '-2x', 'yesterday', '2026-13-01', '-1'],
    ],
  ];
  for (const [parameter, good, bad] of cases) {
    for (const value of good) assert.is.not(parameter.read(value), undefined, value);
    for (const value of bad) assert.is(parameter.read(value), undefined, value);
  }
  assert.is(instant('').read('-2h')?.(10_000_000), 10_000_000 - 7_200_000);
});

test.run();
