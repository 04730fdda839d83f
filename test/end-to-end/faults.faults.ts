/**
 * What dies is settled once, replaced, and leaves nothing behind. Each test ends with the same oracle: the identities
 * hold, processes, folders and descriptors are back where they were, and a fresh job succeeds.
 */

import { readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { type Pages, startPages } from '../fixtures/pages.js';
import { makeTempDir } from '../temp-dir.js';
import { checkIdentities } from './identities.js';
import { aliveInGroups, processes } from './processes.js';
import { atRest, ready, type Server, start, total } from './server.js';

const LEAVE_ATTEMPTS = 5;
/** Bounds what must come at once: far below what the sessions would wait, far above what a busy machine needs. */
const AT_ONCE_MS = 8_000;

const test = suite('end-to-end/faults');
const tempDir = makeTempDir('faults');
let server: Server;
let pages: Pages;
let chromiumPath = '';

test.before(async () => {
  pages = await startPages();
  server = await start({ CONCURRENT: '8' }, tempDir);
  await ready(server);
  await atRest(server);
  chromiumPath = /"path":"([^"]+)"/.exec(server.logged.join('\n'))?.[1] ?? '';
  assert.is.not(chromiumPath, '');
});

test.after(async () => {
  await server.stop();
  await pages.close();
  assert.equal(readdirSync(tempDir), [], 'the server took its folder with it');
  rmSync(tempDir, { recursive: true });
});

async function recovered(): Promise<void> {
  await atRest(server);
  const alive = server.headcount.browserPids();
  assert.is(alive.filter((pid) => pid !== null).length, 2, 'each shard has a browser');
  await checkIdentities(server);
  await until(
    () => !processes().some(({ parent, state }) => parent === process.pid && state === 'Z'),
    AT_ONCE_MS,
    'no zombie',
  );
  const [folder = ''] = readdirSync(tempDir);
  const browsers = readdirSync(join(tempDir, folder)).filter((name) => name.startsWith('browser-'));
  assert.is(browsers.length, 2, 'one folder a browser');
  const fresh = await deadline(server.post('/content', { html: '<p>fresh</p>' }), AT_ONCE_MS, 'a fresh job');
  assert.is(fresh.status, 200);
  assert.match(await fresh.text(), 'fresh');
  await atRest(server);
}

async function failures(reason: string): Promise<number> {
  return total(await server.samples(), 'headcount_session_failures_total', `reason="${reason}"`);
}

async function active(count: number): Promise<void> {
  const now = async () => total(await server.samples(), 'headcount_sessions_active') === count;
  await until(now, AT_ONCE_MS, `${count} running sessions`);
}

async function codeOf(response: Promise<Response>): Promise<string> {
  const body: { error?: { code: string } } = JSON.parse(await (await response).text());
  return body.error?.code ?? 'none';
}

function killBrowsers(): number[] {
  const pids = server.headcount.browserPids().flatMap((pid) => (pid === null ? [] : [pid]));
  assert.is(pids.length, 2);
  for (const pid of pids) process.kill(-pid, 'SIGKILL');
  return pids;
}

test('browsers killed while busy: their sessions end as browser_crash, others are started', async () => {
  const slow = { html: 'x', waitForTimeout: 20_000 };
  const running = Array.from({ length: 4 }, () => server.post('/content', slow));
  await active(4);
  const killed = killBrowsers();
  const codes = await deadline(Promise.all(running.map(codeOf)), AT_ONCE_MS, 'the sessions to be settled');
  assert.equal(
    codes,
    Array.from({ length: 4 }, () => 'BROWSER_CRASHED'),
  );
  await recovered();
  assert.is(await failures('browser_crash'), 4);
  assert.is(total(await server.samples(), 'headcount_browser_exits_total', 'reason="killed"'), 2);
  assert.equal(aliveInGroups(killed), []);
});

/** Ends every page's process, as a page would that breaks Chromium. Returns how many there were. */
function killRenderers(): number {
  let count = 0;
  const groups = server.headcount.browserPids();
  for (const { pid, group } of processes()) {
    if (!groups.includes(group)) continue;
    try {
      const isRenderer = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer');
      if (!isRenderer) continue;
      process.kill(pid, 'SIGKILL');
      count++;
    } catch {
      // It has ended by itself since it was listed.
    }
  }
  return count;
}

test('renderers killed: sessions end as page_crash at once, ready pages are replaced, browsers stay', async () => {
  const browsers = server.headcount.browserPids();
  const body = (path: string): object => ({ html: `<img src="${pages.url(path)}">` });
  // In a plain context, and in Playwright's.
  const bodies = [body('/never?plain'), { ...body('/never?playwright'), userAgent: 'any' }];
  const running = bodies.map((one) => server.post('/content', one));
  const asked = (): boolean => pages.requests.filter(({ path }) => path.startsWith('/never?')).length === 2;
  await until(asked, AT_ONCE_MS, 'their pages');
  let killed = killRenderers();
  assert.equal(await deadline(Promise.all(running.map(codeOf)), AT_ONCE_MS, 'the sessions to be settled'), [
    'PAGE_CRASHED',
    'PAGE_CRASHED',
  ]);
  await recovered();
  assert.is(await failures('page_crash'), 2);
  const crashes = async (): Promise<number> => total(await server.samples(), 'headcount_page_crashes_total');
  // Counted once for each renderer, however many sessions of the protocol its page has.
  const first = await crashes();
  assert.ok(first >= 2 && first <= killed, `${first} crashes of ${killed} renderers`);
  const areReadyGone = async (): Promise<boolean> => {
    killed += killRenderers();
    return (await crashes()) > first;
  };
  await until(areReadyGone, AT_ONCE_MS, 'the end of pages that were kept ready');
  // A page that was killed in this very moment may still be handed out, once.
  const visits = await Promise.all([1, 2].map(() => server.post('/content', { html: 'x', waitForTimeout: 300 })));
  await Promise.all(visits.map((visit) => visit.arrayBuffer()));
  const late = visits.filter(({ status }) => status === 502).length;
  await recovered();
  assert.ok((await crashes()) <= killed);
  assert.is(await failures('page_crash'), 2 + late);
  assert.equal(server.headcount.browserPids(), browsers);
});

test('renderers killed while pages are made: every session ends, and the next ones get theirs', async () => {
  const before = await failures('page_crash');
  const made = Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? { html: 'x' } : { html: 'x', userAgent: `${i}` }));
  const running = made.map((one) => server.post('/content?timeout=25000', one));
  let killed = 0;
  for (let round = 0; round < 100; round++) {
    killed += killRenderers();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(killed > 2, `${killed} renderers were killed`);
  const statuses = await deadline(Promise.all(running), 25_000, 'the sessions to be settled').then((responses) =>
    responses.map(({ status }) => status),
  );
  assert.is(statuses.filter((status) => status === 502).length, (await failures('page_crash')) - before);
  assert.equal(
    statuses.filter((status) => ![200, 429, 502].includes(status)),
    [],
  );
  await recovered();
});

test('browsers killed while idle are noticed and replaced', async () => {
  const killed = killBrowsers();
  const isNoticed = () => server.headcount.browserPids().every((pid) => pid === null || !killed.includes(pid));
  await until(isNoticed, AT_ONCE_MS, 'the deaths to be noticed');
  await recovered();
});

for (const operation of ['exit', 'throw', 'reject', 'oom']) {
  test(`a worker thread that ends by ${operation}: its sessions end as worker_crash, it is replaced`, async () => {
    const before = await failures('worker_crash');
    const slow = { html: 'x', waitForTimeout: 25_000 };
    // More than come together in one worker, so another has the rest.
    const sessions = Array.from({ length: 6 }, () => server.post('/content?timeout=25000', slow));
    await active(sessions.length);
    const listed: { worker: number }[] = JSON.parse(await (await server.get('/sessions')).text());
    const sizes = [0, 1].map((index) => listed.filter(({ worker }) => worker === index).length);
    assert.not.ok(sizes.includes(0), `${sizes.join(' and ')} sessions`);
    assert.is(await codeOf(server.post(`/test?operation=${operation}`, {})), 'WORKER_CRASHED');
    const lost = (await failures('worker_crash')) - before - 1;
    assert.ok(sizes.includes(lost), `${lost} of ${sizes.join(' and ')} have gone with it`);
    assert.is((await server.get('/kill/all')).status, 204);
    const codes = await Promise.all(sessions.map(codeOf));
    assert.is(codes.filter((code) => code === 'WORKER_CRASHED').length, lost);
    assert.is(codes.filter((code) => code === 'SESSION_KILLED').length, sessions.length - lost);
    await recovered();
    assert.is(await failures('worker_crash'), before + lost + 1, 'once each');
  });
}

test('an endless script ends at its limit, and its slot is free soon after', async () => {
  const response = await server.post('/screenshot?timeout=600', { url: pages.url('/endless') });
  assert.is(response.status, 408);
  const isFree = async () => JSON.parse(await (await server.get('/sessions')).text()).length === 0;
  await until(isFree, AT_ONCE_MS, 'the slot to be free');
  await recovered();
});

test('a client that leaves ends its session within 100 ms', async () => {
  const before = await failures('client_closed');
  const settledMs: number[] = [];
  for (let attempt = 0; attempt < LEAVE_ATTEMPTS; attempt++) {
    const client = new AbortController();
    const body = JSON.stringify({ html: 'x', waitForTimeout: 20_000 });
    const headers = { 'content-type': 'application/json' };
    const left = server.post('/content', body, { signal: client.signal, headers }).then(
      ({ status }) => status,
      ({ name }: Error) => name,
    );
    await active(1);
    const logged = server.logged.length;
    const leftAtMs = performance.now();
    client.abort();
    const line = await until(
      () => server.logged.slice(logged).find((one) => one.includes('client_closed')),
      AT_ONCE_MS,
      'the session to be settled',
    );
    settledMs.push(performance.now() - leftAtMs);
    assert.match(line, '"outcome":"error"');
    assert.is(await left, 'AbortError');
  }
  // The fastest of them counts: a busy machine can slow each of them down, but none is faster than the server.
  assert.ok(Math.min(...settledMs) < 100, `${settledMs.map(Math.round).join(', ')} ms`);
  assert.is((await failures('client_closed')) - before, LEAVE_ATTEMPTS);
  await recovered();
});

test('sessions are isolated: no cookie and no storage goes from one to another', async () => {
  const write = {
    url: pages.url('/'),
    waitForFunction: {
      fn: `() => { document.cookie = "a=1"; localStorage.setItem("a", "1");
        return document.cookie === "a=1" && localStorage.length === 1; }`,
    },
  };
  for (let i = 0; i < 3; i++) assert.is((await server.post('/content', write)).status, 200);
  const read = { url: pages.url('/'), waitForFunction: { fn: '() => !document.cookie && localStorage.length === 0' } };
  for (let i = 0; i < 3; i++) assert.is((await server.post('/content', read)).status, 200);
  await recovered();
});

test('no browser can be started: 503, and healthy again when the cause is gone', async () => {
  const missing = join(tempDir, 'chromium-of-later');
  const lost = await start({ CHROMIUM_PATH: missing });
  try {
    const reason = async () => JSON.parse(await (await lost.get('/health/ready')).text()).reason;
    await until(async () => (await reason()) === 'browser', 10_000, 'health to say that there is no browser');
    assert.is(await codeOf(lost.post('/content', { html: 'x' })), 'NO_BROWSER');
    symlinkSync(chromiumPath, missing);
    await ready(lost);
    assert.is((await lost.post('/content', { html: 'x' })).status, 200);
    await atRest(lost);
    await checkIdentities(lost);
  } finally {
    await lost.stop();
    rmSync(missing, { force: true });
  }
});

test.run();
