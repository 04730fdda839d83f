/**
 * Pages that tell more than anybody wants to know, beside one that tells nothing, in one browser. The browser lives,
 * and so do the others' sessions.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline } from '../deadline.js';
import { checkIdentities } from '../end-to-end/identities.js';
import { ready, type Server, start } from '../end-to-end/server.js';

const test = suite('faults/noise');
const WAIT_MS = 90_000;
/** Needs Playwright's context, which asks Chromium for what a page logs. */
const WAIT = { waitForSelector: { selector: 'p' } };
let server: Server;

test.before(async () => {
  server = await start({ WORKERS: '1', CONCURRENT: '4', TIMEOUT: '30000' });
  await ready(server);
});
test.after(async () => {
  await checkIdentities(server);
  await server.stop();
});

async function statusOf(body: object): Promise<number> {
  const response = await deadline(server.post('/content', body), WAIT_MS, 'a session');
  await response.arrayBuffer();
  return response.status;
}

/** Runs the noisy session, and small ones beside it until it has ended. They end well, and the browser is the same. */
async function beside(noisy: object): Promise<number> {
  const pids = server.headcount.browserPids();
  const state = { isOver: false };
  const noise = statusOf(noisy).finally(() => {
    state.isOver = true;
  });
  let count = 0;
  do {
    assert.is(await statusOf({ html: '<p>quiet' }), 200);
    count++;
  } while (!state.isOver && count < 500);
  const status = await noise;
  assert.equal(server.headcount.browserPids(), pids);
  return status;
}

test('a line of 20 MB in the log of a page is let go, and its session ends well', async () => {
  assert.is(await beside({ html: '<p>x<script>console.log("x".repeat(2e7))</script>', ...WAIT }), 200);
});

test('a line of 500 MB costs nobody else their session', async () => {
  // Chromium is at work on it for so long that it says nothing at all meanwhile. This page may run out of time.
  const status = await beside({ html: '<p>x<script>console.log("x".repeat(5e8))</script>', ...WAIT });
  assert.ok(status === 200 || status === 408, `${status}`);
});

test('ten thousand lines in the log of a page', async () => {
  const script = 'for (let i = 0; i < 1e4; i++) console.log("a line of a log", i)';
  assert.is(await beside({ html: `<p>x<script>${script}</script>`, ...WAIT }), 200);
});

test('a million lines in the log of a page end it, and say so', async () => {
  const script = 'for (let i = 0; i < 1e6; i++) console.log("a line of a log", i)';
  assert.is(await beside({ html: `<p>x<script>${script}</script>`, ...WAIT }), 500);
  const [told] = JSON.parse(await (await server.get('/failures?last=1')).text());
  assert.equal([told.reason, told.message], ['page_error', 'the page logs more than 20000 lines']);
});

for (const [what, loop] of [
  ['rewrites its address', 'for (let i = 0; i < 100; i++) history.replaceState(0, "", "#" + Math.random())'],
  ['loads a frame anew', 'document.querySelector("iframe").src = "about:blank?" + Math.random()'],
  ['starts workers', 'new Worker("data:text/javascript,0")'],
] as const) {
  test(`a page that ${what} without end`, async () => {
    const html = `<p>x<iframe></iframe><script>setInterval(() => { ${loop} }, 0)</script>`;
    const status = await beside({ html, waitForTimeout: 5_000 });
    assert.ok(status === 200 || status === 408, `${status}`);
  });
}

test('thousands of requests of a page, in either make of context', async () => {
  const script = 'for (let i = 0; i < 3000; i++) fetch("data:text/plain,x").catch(() => {})';
  assert.is(await beside({ html: `<p>x<script>${script}</script>` }), 200);
  assert.is(await beside({ html: `<p>x<script>${script}</script>`, ...WAIT }), 200);
});

test('a request with a body of 20 MB under rules of the client', async () => {
  // Chromium tells the body of a request to those who look after requests, as the client's rules do.
  const script = 'fetch("/x", { method: "POST", body: "x".repeat(2e7) })';
  const rules = { rejectRequestPattern: ['nothing like it'], waitForTimeout: 5_000 };
  assert.is(await beside({ html: `<p>x<script>${script}</script>`, ...rules }), 200);
});

test.run();
