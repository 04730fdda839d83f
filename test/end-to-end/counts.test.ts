/**
 * A known mix of all that can become of a request, and every figure about it, in every view.
 */

import { request } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { type Pages, startPages } from '../fixtures/pages.js';
import { checkIdentities } from './identities.js';
import { atRest, ready, type Server, start, total } from './server.js';

const test = suite('end-to-end/counts');
/** No period ends meanwhile. */
const ONE_ROW = { METRICS_PERIOD_MS: '86400000' };
let server: Server;
let pages: Pages;

test.before(async () => {
  pages = await startPages();
  server = await start({ CONCURRENT: '2', QUEUE_LENGTH: '2', QUEUE_TIMEOUT: '4000', PREWARM: '1', ...ONE_ROW });
  await ready(server);
});

test.after(async () => {
  await server.stop();
  await pages.close();
});

/** Sends a job and hangs up. Resolves when `isThere` says that the job is where it should be. */
async function leave(path: string, body: unknown, isThere: () => Promise<boolean>): Promise<void> {
  const client = request(server.url + path, { method: 'POST', headers: { 'content-type': 'application/json' } });
  client.on('error', () => {});
  client.end(JSON.stringify(body));
  await until(isThere, 15_000, 'the job to arrive');
  const closed = new Promise<void>((resolve) => client.once('close', resolve));
  client.destroy();
  await deadline(closed, 15_000, 'the client to close');
}

async function gauge(name: string): Promise<number> {
  return total(await server.samples(), name);
}

async function status(response: Promise<Response>): Promise<number> {
  const got = await response;
  await got.arrayBuffer();
  return got.status;
}

/**
 * The status of a job sent while every slot is free. An answer comes before its context has gone, so it waits for that.
 */
async function alone(response: () => Promise<Response>): Promise<number> {
  const got = await status(response());
  const isFree = async () => JSON.parse(await (await server.get('/sessions')).text()).length === 0;
  await until(isFree, 10_000, 'the slot to be free');
  return got;
}

test('an idle server has one row of zeros', async () => {
  const rows: Record<string, unknown>[] = JSON.parse(await (await server.get('/metrics')).text());
  assert.is(rows.length, 1);
  for (const [key, value] of Object.entries(rows[0] ?? {})) {
    if (['date', 'memory', 'cpu', 'sessionTimes'].includes(key)) continue;
    assert.is(value, 0, key);
  }
});

test('counts every outcome exactly once', async () => {
  // Three end well, one after the other; one of them has a page that answers 404.
  assert.is(await alone(() => server.post('/screenshot', { url: pages.url('/') })), 200);
  assert.is(await alone(() => server.post('/pdf', { url: pages.url('/missing') })), 200);
  assert.is(await alone(() => server.post('/content', '<h1>raw</h1>')), 200);
  // Four fail, each in its own way.
  assert.is(await alone(() => server.post('/content', { url: 'http://127.0.0.1:9/' })), 502);
  assert.is(await alone(() => server.post('/screenshot', { html: 'x', waitForSelector: { selector: ':::' } })), 400);
  const throwing = { html: 'x', waitForFunction: { fn: '() => { throw new Error("on purpose"); }' } };
  assert.is(await alone(() => server.post('/content', throwing)), 500);
  assert.is(
    await alone(() => server.post('/pdf', { html: 'x', waitForSelector: { selector: '#no', timeout: 100 } })),
    408,
  );
  // One runs out of time, in a page that never gives the processor back.
  assert.is(await alone(() => server.post('/screenshot?timeout=700', { url: pages.url('/endless') })), 408);
  // Requests that never become sessions.
  assert.is(await status(server.post('/content', { html: 'x', nonsense: 1 })), 400);
  assert.is(await status(server.get('/nowhere')), 404);
  await atRest(server);

  // Both slots are taken, two wait, one is too many. One of the two that wait leaves, and the other's time runs out.
  const slow = { html: 'x', waitForTimeout: 6_000 };
  const running = [server.post('/content', slow), server.post('/content', slow)];
  await until(async () => (await gauge('headcount_sessions_active')) === 2, 15_000, 'both slots to be taken');
  const expiring = server.post('/pdf', { html: 'x' });
  await until(async () => (await gauge('headcount_queue_length')) === 1, 15_000, 'one to wait');
  const isSecondWaiting = async () => (await gauge('headcount_queue_length')) === 2;
  let rejectedStatus = 0;
  await leave('/screenshot', { html: 'x' }, async () => {
    if (!(await isSecondWaiting())) return false;
    rejectedStatus = await status(server.post('/content', { html: 'x' }));
    return true;
  });
  assert.is(rejectedStatus, 429);
  assert.is(await status(expiring), 408);
  assert.equal(await Promise.all(running.map(status)), [200, 200]);
  await atRest(server);

  // One client leaves while its session runs.
  await leave('/content', slow, async () => (await gauge('headcount_sessions_active')) === 1);
  await until(async () => (await gauge('headcount_sessions_active')) === 0, 3_000, 'the session to be settled');
  await atRest(server);

  await checkIdentities(server);
});

test('says so in every view', async () => {
  const { totals, rows, samples } = await checkIdentities(server);
  const expected = {
    successful: 5,
    error: 5,
    timedout: 1,
    queued: 2,
    rejected: 1,
    expired: 1,
    abandoned: 1,
    unavailable: 0,
    unhealthy: 0,
    unauthorized: 0,
    maxConcurrent: 2,
    running: 0,
    sessionTimesDropped: 0,
  };
  for (const [key, value] of Object.entries(expected)) assert.is(totals[key], value, key);
  assert.is(totals.sessionTimes.length, 11);
  assert.ok(Number(totals['maxTime']) >= 6_000 && Number(totals['maxTime']) < 25_000, `longest ${totals['maxTime']}`);
  assert.is(totals['minTime'], Math.min(...totals.sessionTimes));
  assert.is(totals['maxTime'], Math.max(...totals.sessionTimes));
  assert.ok(Number(totals['units']) >= 11);
  assert.ok(rows.length <= 2);

  const of = (name: string, part = ''): number => total(samples, `headcount_${name}`, part);
  assert.is(of('sessions_requested_total', 'screenshot'), 4);
  assert.is(of('sessions_requested_total', 'pdf'), 3);
  assert.is(of('sessions_requested_total', 'content'), 7);
  assert.is(of('session_failures_total', 'reason="client_closed"'), 1);
  for (const reason of ['navigation', 'bad_request', 'page_error', 'step_timeout']) {
    assert.is(of('session_failures_total', `reason="${reason}"`), 1, reason);
  }
  assert.is(of('session_failures_total', 'reason="error"'), 0);
  assert.is(of('session_failures_total', 'reason="timeout"'), 1);
  assert.is(of('network_failures_total', 'net::ERR_UNSAFE_PORT') + of('network_failures_total', 'REFUSED'), 1);
  assert.is(of('http_requests_total', 'route="other",method="GET",code="404"'), 1);
  assert.is(of('http_requests_total', 'method="POST",code="499"'), 2);
  assert.is(of('http_requests_total', 'method="POST",code="429"'), 1);
  assert.is(of('prewarm_total'), 11);
});

test('OpenMetrics says the same as the text format', async () => {
  await atRest(server);
  const [text, open] = await Promise.all(
    ['text/plain', 'application/openmetrics-text; version=1.0.0'].map(async (accept) =>
      (await server.get('/prometheus', { headers: { accept } })).text(),
    ),
  );
  assert.ok(open?.endsWith('# EOF\n'));
  const sessions = (body = ''): string[] => body.split('\n').filter((line) => line.startsWith('headcount_session'));
  assert.ok(sessions(text).length > 20);
  assert.equal(sessions(open), sessions(text));
});

test('a token that is missing or wrong counts as unauthorized and as nothing else', async () => {
  const guarded = await start({ TOKEN: 'secret', WORKERS: '1' });
  try {
    assert.is((await guarded.get('/metrics')).status, 401);
    assert.is((await guarded.post('/content?token=wrong', { html: 'x' })).status, 401);
    assert.is((await guarded.get('/health/live')).status, 200);
    assert.is((await guarded.get('/')).status, 200);
    const totals: Record<string, number> = JSON.parse(await (await guarded.get('/metrics/all?token=secret')).text());
    assert.is(totals['unauthorized'], 2);
    for (const column of ['error', 'successful', 'rejected', 'unavailable']) assert.is(totals[column], 0, column);
    assert.not.ok(guarded.logged.some((line) => line.includes('secret')));
    assert.not.ok((await (await guarded.get('/config?token=secret')).text()).includes('secret'));
  } finally {
    await guarded.stop();
  }
});

test.run();
