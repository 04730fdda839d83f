/**
 * What pages and sites say to each other passes the way out unchanged: in a Chromium without a proxy, the same pages
 * are told the same, complete or broken. The bytes are counted, bounded, and nowhere held.
 */
import { readFileSync, rmSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { openBrowser } from '../end-to-end/browser.js';
import { type Program, startProgram } from '../end-to-end/program.js';
import { atRest, ready, start, total } from '../end-to-end/server.js';
import { certificateFor } from '../faults/certificates.js';
import { needs } from '../faults/needs.js';
import { makeTempDir } from '../temp-dir.js';
import {
  DOWNLOAD_BYTES,
  ECHO_BYTES,
  startTransportsSite,
  type TransportsSite,
  UPLOAD_BYTES,
} from './site-of-transports.js';

interface Context {
  folder: string;
  site: TransportsSite;
}

const WAIT_MS = 60_000;
const WEIGHED_MS = 20;
/** Of the server's process, while another 270 MB pass through it. */
const GROWTH_MB_MAX = 60;
/** The share that HTTP, WebSockets and TLS add. */
const OVERHEAD = 0.02;

const test = suite<Context>('safety/transports');
const secureTest = needs(test, { tools: ['openssl'] });

test.before(async (context) => {
  context.folder = makeTempDir('transports');
});
test.before.each(async (context) => {
  const { cert, key } = certificateFor('127.0.0.1', { folder: context.folder, name: 'site' });
  context.site = await startTransportsSite({ cert: readFileSync(cert), key: readFileSync(key) });
});
test.after.each(({ site }) => site.close());
test.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

async function post({ url }: Pick<Program, 'url'>, body: object): Promise<readonly [number, string]> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${url}/content?timeout=${WAIT_MS}`, init);
  return [response.status, await response.text()];
}

/** What `#done` of a page says. */
function toldIn(html: string): unknown {
  return JSON.parse(/<p id="done">(.*?)<\/p>/.exec(html)?.[1] ?? 'null');
}

/** The same page without a server and without a proxy. */
async function toldDirectly(browser: Browser, url: string): Promise<unknown> {
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  await page.goto(url);
  await page.waitForSelector('#done', { state: 'attached', timeout: WAIT_MS });
  const told = toldIn(await page.content());
  await page.close();
  return told;
}

/** The most MB that the server's process had meanwhile. */
async function weighed<T>({ child }: Program, work: () => Promise<T>): Promise<readonly [number, T]> {
  let mostMb = 0;
  const weighing = setInterval(() => {
    const [, kb] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
    mostMb = Math.max(mostMb, Number(kb) / 1_024);
  }, WEIGHED_MS);
  const result = await work().finally(() => clearInterval(weighing));
  return [mostMb, result];
}

async function withProgram(settings: Readonly<Record<string, string>>, use: (program: Program) => Promise<void>) {
  const program = await startProgram({ settings: { WORKERS: '1', ...settings } });
  try {
    await use(program);
  } finally {
    program.child.kill('SIGTERM');
    await deadline(program.exit, WAIT_MS, 'the end of the server');
  }
}

secureTest('all that a page speaks comes through, is weighed, and held nowhere', ({ site, folder }) =>
  withProgram({ ALLOW_INSECURE_CERTS: 'true', TMPDIR: folder }, async (program) => {
    const waitForSelector = { selector: '#done', timeout: WAIT_MS };
    const body = { url: site.page, acceptInsecureCerts: true, waitForSelector };
    // Garbage is not collected at once, but it does not grow with what goes through.
    const [beforeMb] = await weighed(program, () => post(program, body));
    const [afterMb, [status, html]] = await weighed(program, () => post(program, body));
    assert.is(status, 200, html);
    assert.ok(afterMb - beforeMb < GROWTH_MB_MAX, `from ${beforeMb} to ${afterMb} MB`);

    const browser = await openBrowser();
    const directly = await toldDirectly(browser, site.page).finally(() => browser.close());
    assert.equal(toldIn(html), directly);
    assert.match(JSON.stringify(directly), `"downloaded":${DOWNLOAD_BYTES}`);
    assert.match(JSON.stringify(directly), '"secure":["one","h2"]');

    const lines = program
      .output()
      .split('\n')
      .filter((line) => line.endsWith('"msg":"session"}'));
    const { sentBytes, receivedBytes } = JSON.parse(lines.at(-1) ?? '');
    assertAbout(sentBytes, UPLOAD_BYTES + ECHO_BYTES, 'sent');
    assertAbout(receivedBytes, DOWNLOAD_BYTES + ECHO_BYTES, 'received');
  }),
);

function assertAbout(bytes: number, least: number, what: string): void {
  assert.ok(bytes >= least && bytes <= least * (1 + OVERHEAD), `${bytes} of ${least} bytes ${what}`);
}

secureTest('what breaks off is told as by a Chromium without a proxy', ({ site, folder }) =>
  withProgram({ TMPDIR: folder }, async (program) => {
    const browser = await openBrowser();
    try {
      const told: Record<string, string> = {};
      const directly: Record<string, string> = {};
      for (const [name, url] of Object.entries(site.broken)) {
        const [status, text] = await post(program, { url });
        told[name] = status === 200 ? bodyOf(text) : JSON.parse(text).error.message;
        directly[name] = await outcomeDirectly(browser, url);
      }
      assert.equal(told, directly);
    } finally {
      await browser.close();
    }
  }),
);

/** Playwright waits for the load of a document that broke off, and that load never comes. */
async function outcomeDirectly(browser: Browser, url: string): Promise<string> {
  const page = await browser.newPage();
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const ended = new Promise<string | null>((resolve) => {
    session.on('Network.loadingFailed', ({ errorText }) => resolve(errorText));
    session.on('Network.loadingFinished', () => resolve(null));
  });
  await session.send('Page.navigate', { url });
  const error = await deadline(ended, WAIT_MS, url);
  const outcome = error ?? bodyOf(await page.content());
  await page.close();
  return outcome;
}

function bodyOf(html: string): string {
  return /<body>(.*)<\/body>/s.exec(html)?.[1] ?? html;
}

secureTest('a session that loads more than it may ends for that reason, and others go on', async ({ site }) => {
  const server = await start({ MAX_SESSION_BYTES: '1mb' });
  try {
    await ready(server);
    const modest = (): Promise<Response> =>
      server.post('/content', { url: site.heavy(100_000), waitForTimeout: 1_000 });
    const greedy = ['plain', 'playwright'].map(async (make) => {
      const url = site.heavy(3_000_000);
      const response = await server.post('/content', make === 'plain' ? { url } : { url, setExtraHTTPHeaders: {} });
      return [response.status, JSON.parse(await response.text()).error];
    });
    const others = [modest(), modest()];
    for (const answer of greedy) {
      const [status, { code, message }] = await answer;
      assert.equal([status, code], [500, 'SESSION_FAILED']);
      assert.match(message, 'MAX_SESSION_BYTES');
    }
    for (const other of others) assert.is((await other).status, 200);
    await atRest(server);
    const samples = await server.samples();
    assert.is(total(samples, 'headcount_session_failures_total', 'reason="policy"'), 2);
    assert.is(total(samples, 'headcount_session_failures_total'), 2);
    assert.is(total(samples, 'headcount_egress_refusals_total', 'reason="limit"'), 2);
    const told = () => server.logged.filter((line) => line.endsWith(' session') && line.includes('"reason":"policy"'));
    await until(() => told().length === 2, WAIT_MS, 'what the log says');
  } finally {
    await server.stop();
  }
});

test.run();
