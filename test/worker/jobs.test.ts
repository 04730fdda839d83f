/**
 * The table of kinds in a worker: a kind needs only a row there. Made-up ones are put into the table and run by the
 * worker's session, one in a page of a real Chromium, one without.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../src/clock.js';
import { createLayout } from '../../src/metrics/layout.js';
import type { Outcome } from '../../src/protocol/job.js';
import { createOnce } from '../../src/wait.js';
import { toBytes } from '../../src/worker/jobs/bytes.js';
import { type PageRunner, RUNNERS, type ShardRunner } from '../../src/worker/jobs/jobs.js';
import { openNeeded } from '../../src/worker/needed.js';
import { type Assignment, runSession } from '../../src/worker/session.js';
import { createShard, type Shard } from '../../src/worker/shard.js';
import { createTally } from '../../src/worker/tally.js';
import { startChromium } from '../browsers/started.js';
import { deadline, until } from '../deadline.js';
import { DOMAINS } from '../metrics/domains.js';
import { openExits } from './exits.js';

const RUN_MS = 60_000;
const test = suite('worker/jobs');
const tempDir = mkdtempSync(join(tmpdir(), 'headcount-test-jobs-'));
const layout = createLayout(DOMAINS);
const counted: number[] = [];
const tally = createTally((slot) => counted.push(slot), layout, 0);
const clock = systemClock;
const exits = openExits();

/** The page's title, and the make of its context. */
const title: PageRunner = {
  hasPage: true,
  plainKeys: ['suffix'],
  async run({ cdp, playwright }, { suffix = '' }) {
    const { result } = await cdp.send('Runtime.evaluate', { expression: 'document.title' });
    const text = `${result.value}${suffix} in ${playwright ? 'Playwright’s' : 'plain'}`;
    return { body: toBytes(text, 'utf8'), contentType: 'text/plain' };
  },
};

/** Waits until 19 of the windows that the page has opened are left. If none is closed, that never comes. */
const opening: PageRunner = {
  hasPage: true,
  plainKeys: [],
  async run({ cdp, playwright, pageCount }) {
    const evaluate = async (expression: string): Promise<unknown> =>
      (await cdp.send('Runtime.evaluate', { expression })).result.value;
    const open = 'opened.filter((one) => one && !one.closed).length';
    await until(async () => (await evaluate(open)) === 19 && pageCount() === 20, RUN_MS, 'the others to be closed');
    const count = await evaluate('opened.filter((one) => one !== null).length');
    const text = `${count} opened, ${pageCount()} pages in ${playwright ? 'Playwright’s' : 'plain'}`;
    return { body: toBytes(text, 'utf8'), contentType: 'text/plain' };
  },
};

const holding: ShardRunner = {
  hasPage: false,
  run: async (shard, body) => ({
    body: toBytes(JSON.stringify({ held: shard.census(), body }), 'utf8'),
    contentType: 'application/json',
  }),
};

const runners = { ...RUNNERS, title, opening, holding };

function newShard(): Shard {
  return createShard({
    tally,
    clock,
    readyPlan: { pagesMax: 0, cpus: 1 },
    egress: exits.egress,
    needed: openNeeded(new SharedArrayBuffer(4)),
    onReady: () => {},
    onLoading: () => {},
  });
}

async function run(shard: Shard, kind: string, body: Assignment['job']['body']): Promise<string> {
  const told: Outcome[] = [];
  const post = (outcome: Outcome): void => void told.push(outcome);
  const cancelled = createOnce();
  const running = runSession(
    { job: { kind, body }, cancelled, post, tell: () => {}, waitLimitMs: () => 30_000, shard, tally, clock },
    runners,
  );
  await deadline(running, RUN_MS, `the ${kind} to be run`);
  assert.is(told.length, 1);
  const [outcome] = told;
  if (!outcome?.isOk) return `${outcome?.code}: ${outcome?.message}`;
  return outcome.product === 'closed' ? 'nothing' : Buffer.from(outcome.product.body).toString('utf8');
}

test.after(() => {
  exits.close();
  rmSync(tempDir, { recursive: true });
});

test('a made-up kind without a page is run with its shard, also with no browser, and has no phases', async () => {
  counted.length = 0;
  const body = { html: 'x', depth: 3 };
  assert.equal(JSON.parse(await run(newShard(), 'holding', body)), { held: [], body });
  assert.equal(counted, []);
});

/** Calls `work` with the shard of a Chromium that is removed afterwards. */
async function withShard(work: (shard: Shard) => Promise<void>): Promise<void> {
  const browser = await startChromium(tempDir);
  const lost = createOnce();
  try {
    const { pid, readPath, writePath, artifactsDir, homeDir } = browser;
    const shard = newShard();
    const endpoint = { generation: 1, pid, readPath, writePath, artifactsDir, homeDir };
    await shard.attach(endpoint, { onLost: lost.happen, onUnusable: () => {}, onDoubt: () => {} });
    browser.releaseEnds();
    await work(shard);
  } finally {
    browser.kill('shutdown');
    await deadline(browser.exited, RUN_MS, 'the browser to go');
  }
  await deadline(new Promise<void>((resolve) => lost.on(resolve)), RUN_MS, 'its end to be known');
}

test('one with a page is run in that page, in a plain context as far as its row allows', async () => {
  await withShard(async (shard) => {
    counted.length = 0;
    const html = '<title>A page</title>';
    assert.is(await run(shard, 'title', { html, suffix: '!' }), 'A page! in plain');
    for (const phase of ['context', 'page', 'navigate', 'run', 'close']) {
      assert.ok(counted.includes(layout.cellOf('headcount_session_phase_duration_seconds', phase)), phase);
    }
    assert.is(await run(shard, 'title', { html, suffix: '?', prefix: '' }), 'A page? in Playwright’s');
    assert.match(await run(shard, 'content', { html }), '<title>A page</title>');
    assert.is(shard.contextsOpen(), 0);
  });
});

test('a session has at most 20 pages; what it opens beyond is closed, and it goes on', async () => {
  await withShard(async (shard) => {
    // Frames and workers do not count. The windows are opened once the frames are there: Chromium may never load a page
    // that opens others while its frames load, with Playwright alone too.
    const html = `${'<iframe srcdoc="x"></iframe>'.repeat(25)}<script>
      const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'])));
      let opened = [];
      onload = () => setTimeout(() => { opened = Array.from({ length: 30 }, () => open('about:blank')); });
    </script>`;
    for (const need of [{}, { prefix: '' }]) {
      const make = 'prefix' in need ? 'Playwright’s' : 'plain';
      assert.is(await run(shard, 'opening', { html, ...need }), `30 opened, 20 pages in ${make}`);
      assert.is(shard.pagesOpen(), 0);
    }
  });
});

test.run();
