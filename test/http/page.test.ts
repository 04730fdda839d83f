/**
 * The page's routes: what they send and to whom, and that only the page's own files can be had.
 */

import { readFileSync } from 'node:fs';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { listOf, ROUTES } from '../../src/http/interface.js';
import { pageHandlers } from '../../src/http/page.js';
import type { Answer } from '../../src/http/route.js';
import { createClient } from '../../src/protocol/client.js';

const test = suite('http/page');
const routes = listOf(ROUTES, { apiGet: false, testSessions: false });
const handlers = pageHandlers({ isTokenNeeded: false, version: '1.2.3', routes, proxyUrl: null });

async function ask(
  path: string,
  given: { accept?: string; file?: string; host?: string } = {},
  from = handlers,
): Promise<Answer> {
  const name = path === '/' ? 'page' : 'pageFile';
  assert.ok(ROUTES[name].isOpen && !('isForAnyOrigin' in ROUTES[name]));
  assert.equal(ROUTES[name].paths, [path]);
  const { file, ...headers } = given;
  const params = file === undefined ? {} : { file };
  const { signal } = createClient();
  const raw = new IncomingMessage(
    Object.create(new Socket(), { localAddress: { value: '::1' }, localPort: { value: 3002 } }),
  );
  const request = {
    method: 'GET',
    headers,
    params,
    given: {},
    query: new URLSearchParams(),
    raw,
    askForBody() {},
    signal,
  };
  return await from[name](request);
}

function bodyOf({ chunks }: Answer): string {
  return Buffer.concat(chunks).toString('utf8');
}

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

test('a browser gets the page, others a text that lists the routes', async () => {
  const page = await ask('/', { accept: BROWSER });
  assert.match(bodyOf(page), /^<!doctype html>/i);
  assert.is(page.headers['Vary'], 'Accept');
  for (const accept of ['*/*', 'text/plain', 'application/json']) {
    const plain = await ask('/', { accept, host: '127.0.0.1:3001' });
    assert.is(plain.headers['Content-Type'], 'text/plain; charset=utf-8');
    assert.is(plain.headers['Vary'], 'Accept');
    const lines = { '/metrics': 'GET, HEAD', '/kill/all': 'GET      ', '/screenshot': 'POST     ' };
    for (const [path, methods] of Object.entries(lines)) {
      assert.match(bodyOf(plain), `\n${methods} http://127.0.0.1:3001${path}\n`);
    }
  }
  assert.match(bodyOf(await ask('/')), 'headcount 1.2.3');
});

test('the list has addresses as the client sees them: those of a proxy, or of whom it has asked', async () => {
  const listFor = async (host: string, proxyUrl: string | null = null): Promise<string> => {
    const given = { routes, isTokenNeeded: false, version: '', proxyUrl: proxyUrl === null ? null : new URL(proxyUrl) };
    const body = bodyOf(await ask('/', { host }, pageHandlers(given)));
    const [address = ''] = /(?<=POST +)\S+(?=\/screenshot\n)/.exec(body) ?? [];
    assert.match(body, `curl -X POST ${address}/screenshot `);
    return address;
  };
  assert.is(await listFor('localhost:1'), 'http://localhost:1');
  assert.is(await listFor('[::1]:3000'), 'http://[::1]:3000');
  assert.is(await listFor('localhost:1', 'https://chrome.example:8443'), 'https://chrome.example:8443');
  for (const end of ['/pool', '/pool/']) {
    assert.is(await listFor('localhost:1', `https://chrome.example${end}`), 'https://chrome.example/pool');
  }
  for (const host of ['a b', '<script>', 'x/y', 'x@y', '']) {
    assert.is(await listFor(host), 'http://[::1]:3002', 'the address that was connected to');
  }
});

test('everything goes out under the strict policy, with a tag of its content', async () => {
  const answers = [await ask('/', { accept: BROWSER }), await ask('/page/:file', { file: 'main.js' })];
  for (const { headers, tag } of answers) {
    assert.is(
      headers['Content-Security-Policy'],
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    assert.is(headers['Referrer-Policy'], 'no-referrer');
    assert.match(tag ?? '', /^[\w-]{22}$/);
  }
  assert.is(new Set(answers.map(({ tag }) => tag)).size, 2);
});

test('the page says whether it has to ask for a token, and nothing else of the server', async () => {
  const guarded = pageHandlers({ isTokenNeeded: true, version: '1.2.3', routes, proxyUrl: null });
  const [open, closed] = [await ask('/', { accept: BROWSER }), await ask('/', { accept: BROWSER }, guarded)].map(
    bodyOf,
  );
  assert.match(open ?? '', 'content="none"');
  assert.is(closed, open?.replace('content="none"', 'content="needed"'));
  assert.not.match(open ?? '', '{{');
});

test('the request to copy has a place for the token where one is needed', async () => {
  const guarded = pageHandlers({ isTokenNeeded: true, version: '1.2.3', routes, proxyUrl: null });
  const [open = '', closed = ''] = [await ask('/', {}), await ask('/', {}, guarded)].map(bodyOf);
  assert.not.match(open, 'Bearer');
  assert.match(closed, "-H 'authorization: Bearer <token>' \\\n  -d '{");
});

test('every file that the page and its modules name is served, as what it is', async () => {
  const wanted = [...bodyOf(await ask('/', { accept: BROWSER })).matchAll(/(?:href|src)="page\/([^"]+)"/g)];
  const names = wanted.map(([, name = '']) => name);
  assert.ok(names.length > 4);
  for (const name of names) {
    const answer = await ask('/page/:file', { file: name });
    const type = { js: 'text/javascript', css: 'text/css', svg: 'image/svg' }[name.split('.').at(-1) ?? ''];
    assert.match(answer.headers['Content-Type'] ?? '', type ?? 'a known type');
    for (const [, next = ''] of bodyOf(answer).matchAll(/^import [^']*'\.\/([\w.-]+)'/gm)) {
      if (!names.includes(next)) names.push(next);
    }
  }
  assert.ok(names.includes('chart.js') && names.includes('uplot.js'));
});

test('nothing else is served, however it is written', async () => {
  for (const file of ['', 'page.html', '..', '../main.js', '%2e%2e/main.js', 'tsconfig.json', 'main.ts', '__proto__']) {
    const error = await ask('/page/:file', { file }).then(
      () => null,
      (one: unknown) => one,
    );
    assert.match(String(error), 'no such file', file);
  }
});

test('what is served is in the package and in the image', () => {
  const { files }: { files: string[] } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const kind of ['html', 'css', 'svg']) assert.ok(files.includes(`src/page/*.${kind}`), kind);
  assert.match(readFileSync('Dockerfile', 'utf8'), '/app/src/page ./src/page');
});

test.run();
