/**
 * What one session may take: it is ended, or refused, by its own bound, and a session beside it in the same browser
 * goes on.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline } from '../deadline.js';
import { type Pages, startPages } from '../fixtures/pages.js';
import { checkIdentities } from './identities.js';
import { ready, type Server, start } from './server.js';

const ANSWER_MS = 15_000;
const test = suite('end-to-end/bounds');
let server: Server;
let pages: Pages;

test.before(async () => {
  pages = await startPages();
  server = await start({ WORKERS: '1' });
  await ready(server);
});

test.after(async () => {
  await checkIdentities(server);
  await server.stop();
  await pages.close();
});

async function refusal(path: string, body: unknown): Promise<string> {
  const response = await deadline(server.post(path, body), ANSWER_MS, `the answer to ${path}`);
  const text = await response.text();
  assert.is(response.headers.get('content-type'), 'application/json; charset=utf-8', text.slice(0, 80));
  const { error } = JSON.parse(text);
  return `${response.status} ${error.code} ${error.message}`;
}

test('a pattern that takes too long ends its session, with its key, and nobody else’s', async () => {
  const innocent = server.post('/content', { url: pages.url('/'), waitForTimeout: 1_000 });
  const url = pages.url(`/${'a'.repeat(48)}!`);
  const late = '400 BAD_REQUEST rejectRequestPattern.0: takes more than 20 ms for a URL';
  assert.is(await refusal('/content', { url, rejectRequestPattern: ['(?=.)(a+)+$'] }), late);
  // Of what the page asks for once it has loaded.
  const asking = `<script>setTimeout(() => fetch(${JSON.stringify(url)}), 100)</script>`;
  const later = { html: asking, rejectRequestPattern: ['(?=.)(a+)+$'], waitForTimeout: 10_000 };
  assert.is(await refusal('/content', later), late);
  const requestInterceptors = [{ pattern: '(a+)+\\1$', response: { body: 'x' } }];
  const answered = '400 BAD_REQUEST requestInterceptors.0.pattern: takes more than 20 ms for a URL';
  assert.is(await refusal('/content', { url, requestInterceptors }), answered);
  const linear = await server.post('/content', { url, rejectRequestPattern: ['(a+)+$'] });
  assert.equal([linear.status, linear.headers.get('x-response-code')], [200, '404']);
  await linear.arrayBuffer();
  const beside = await innocent;
  assert.equal([beside.status, /data-ready="1"/.test(await beside.text())], [200, true]);
});

test('a password goes to the origin of the url, and to nobody else who asks', async () => {
  const other = await startPages();
  try {
    const authenticate = { username: 'user', password: 'pass' };
    const guarded = other.url('/auth');
    const bodies = [
      { url: pages.url(`/redirect?to=${encodeURIComponent(guarded)}`) },
      { url: pages.url(`/framed?${new URLSearchParams({ document: guarded, image: guarded })}`) },
      { html: `<iframe src="${guarded}"></iframe>` },
    ];
    for (const body of bodies) {
      other.requests.length = 0;
      const response = await server.post('/content', { ...body, authenticate });
      assert.is(response.status, 200, await response.text());
      assert.ok(other.requests.length > 0, `asked for by ${JSON.stringify(body)}`);
      const sent = other.requests.flatMap(({ headers }) => headers.authorization ?? []);
      assert.equal(sent, [], JSON.stringify(body));
    }
    const own = await server.post('/content', { url: guarded, authenticate });
    assert.match(await own.text(), 'Members');
    const framing = pages.url(`/framed?${new URLSearchParams({ document: pages.url('/auth'), image: '' })}`);
    pages.requests.length = 0;
    assert.is((await server.post('/content', { url: framing, authenticate })).status, 200);
    assert.ok(
      pages.requests.some(({ headers }) => headers.authorization !== undefined),
      'its own frames get it',
    );
  } finally {
    await other.close();
  }
});

test.run();
