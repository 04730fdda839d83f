/**
 * The thread by which all pages leave dies while sessions load. They are settled once, as the crash of a worker, and
 * later ones get out by another thread. Again and again, and nothing is left behind.
 */
import { readdirSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { checkIdentities } from '../end-to-end/identities.js';
import { atRest, ready, type Server, start, total, visitBoth } from '../end-to-end/server.js';

const test = suite('safety/thread');
/** This process keeps connections to the server alive for a while, and both their ends are in it. */
const KEPT_ALIVE_MAX = 12;
const DEATHS = 10;
const SESSION_COUNT = 6;
const AT_ONCE_MS = 5_000;
const AT_REST_MS = 20_000;
/** A page kept ready for each of two workers. */
const AT_REST = { contexts: 2, pages: 2, leaked: 0, connections: 0 };

interface Site {
  readonly origin: string;
  /** Pages that wait for the rest of their documents. */
  readonly slow: Set<ServerResponse>;
  close(): Promise<void>;
}

/** `/slow` begins and never ends. */
async function startSite(): Promise<Site> {
  const slow = new Set<ServerResponse>();
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', 'text/html');
    if (url !== '/slow') return response.end('<p>fresh');
    slow.add(response.on('close', () => slow.delete(response)));
    return response.write('<p>begins');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    slow,
    close() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Every second one is in a context of Playwright's. */
function slowSessions(server: Server, { origin }: Site): Promise<readonly [number, string]>[] {
  return Array.from({ length: SESSION_COUNT }, async (_, index) => {
    const url = `${origin}/slow`;
    const response = await server.post('/content', index % 2 === 0 ? { url } : { url, setExtraHTTPHeaders: {} });
    const body: { error?: { code: string } } = JSON.parse(await response.text());
    return [response.status, body.error?.code ?? ''] as const;
  });
}

async function die(server: Server, site: Site): Promise<void> {
  const sessions = slowSessions(server, site);
  await until(() => site.slow.size === SESSION_COUNT, AT_ONCE_MS, 'sessions that load');
  assert.is((await server.get('/test?operation=egress-exit', { method: 'POST' })).status, 200);
  const diedMs = performance.now();
  const isReady = async (): Promise<boolean> => (await server.get('/health/ready')).status === 200;
  await until(async () => !(await isReady()), AT_ONCE_MS, 'a server that is not ready');
  const outcomes = await deadline(Promise.all(sessions), AT_ONCE_MS, 'the end of its sessions');
  assert.equal(outcomes, Array(SESSION_COUNT).fill([502, 'WORKER_CRASHED']));
  // More than the pages that were kept ready on the thread before; none of those may be among what they get.
  const fresh = Array.from({ length: 4 }, async () => {
    const response = await server.post('/content', { url: `${site.origin}/fresh` });
    return [response.status, /fresh/.test(await response.text())];
  });
  assert.equal(await deadline(Promise.all(fresh), AT_ONCE_MS, 'fresh sessions'), Array(4).fill([200, true]));
  const tookMs = performance.now() - diedMs;
  assert.ok(tookMs < AT_ONCE_MS, `fresh sessions were there after ${tookMs} ms`);
  assert.ok(await isReady());
  await until(() => site.slow.size === 0, AT_ONCE_MS, 'the end of all connections');
}

/** What a server holds at rest. */
async function held(server: Server): Promise<typeof AT_REST> {
  await atRest(server);
  const samples = await server.samples();
  return {
    contexts: total(samples, 'headcount_contexts_open'),
    pages: total(samples, 'headcount_pages_open'),
    leaked: total(samples, 'headcount_contexts_leaked'),
    connections: total(samples, 'headcount_egress_connections_open'),
  };
}

function isAtRest(now: typeof AT_REST): boolean {
  return JSON.stringify(now) === JSON.stringify(AT_REST);
}

test(`the thread dies ${DEATHS} times under load, and each time all goes on`, async () => {
  const site = await startSite();
  const server = await start();
  try {
    await ready(server);
    await atRest(server);
    await visitBoth(server);
    await until(async () => isAtRest(await held(server)), AT_REST_MS, 'pages kept ready');
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    let descriptorsMax = 0;
    for (let death = 1; death <= DEATHS; death++) {
      await die(server, site);
      if (death > 1) continue;
      await until(async () => isAtRest(await held(server)), AT_REST_MS, 'pages kept ready again');
      descriptorsMax = descriptors() + KEPT_ALIVE_MAX;
    }
    await until(async () => isAtRest(await held(server)), AT_REST_MS, 'what it held before').catch(async () => {
      assert.equal(await held(server), AT_REST);
    });
    // If each death left two descriptors, there would be more.
    await until(() => descriptors() <= descriptorsMax, AT_REST_MS, `${descriptorsMax} descriptors again`);
    const { samples } = await checkIdentities(server);
    const crashes = total(samples, 'headcount_session_failures_total', 'reason="worker_crash"');
    assert.is(crashes, DEATHS * SESSION_COUNT);
    assert.is(total(samples, 'headcount_session_failures_total'), crashes);
    assert.is(total(samples, 'headcount_browser_launches_total'), 2, 'browsers stay');
  } finally {
    await server.stop();
    await site.close();
  }
});

test.run();
