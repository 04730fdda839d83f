/**
 * The supervisor does what the life of a shard's browsers asks for. Browsers and clock are made up here; real ones are
 * in `end-to-end/faults.faults.ts`.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ATTACH_LIMIT_MS, END_LIMIT_MS } from '../../src/browsers/lifecycle.js';
import type { BrowserExit, BrowserProcess } from '../../src/browsers/spawn.js';
import { type Supervisor, superviseShard } from '../../src/browsers/supervisor.js';
import type { PipeEndpoint } from '../../src/protocol/endpoint.js';
import { createTimedClock, type TimedClock } from '../admission/timed-clock.js';
import { deadline } from '../deadline.js';

const WAIT_MS = 5_000;

interface FakeBrowser extends BrowserProcess {
  readonly kills: string[];
  exit(exit: BrowserExit): void;
}

interface Scene {
  clock: TimedClock;
  supervisor: Supervisor;
  browsers: FakeBrowser[];
  attachings: { readonly endpoint: PipeEndpoint; attached(): void; fail(message: string): void }[];
  told: string[];
  /** The error with which the next spawn fails. */
  obstacle: string | null;
}

const test = suite<Scene>('browsers/supervisor');

function fakeBrowser(pid: number): FakeBrowser {
  let exit = (_exit: BrowserExit): void => {};
  const exited = new Promise<BrowserExit>((resolve) => {
    exit = resolve;
  });
  const kills: string[] = [];
  const paths = { readPath: `r${pid}`, writePath: `w${pid}`, artifactsDir: `a${pid}`, homeDir: `h${pid}` };
  const kill = (reason: string): void => void kills.push(reason);
  return { pid, ...paths, exited, releaseEnds: () => kills.push('ends released'), kill, kills, exit };
}

/** Lets promises that have settled run their reactions. */
function settle(): Promise<void> {
  return deadline(new Promise((resolve) => setImmediate(resolve)), WAIT_MS, 'a turn of the loop');
}

test.before.each((scene) => {
  scene.clock = createTimedClock();
  scene.browsers = [];
  scene.attachings = [];
  scene.told = [];
  scene.obstacle = null;
  scene.supervisor = superviseShard({
    clock: scene.clock,
    async spawn() {
      if (scene.obstacle !== null) throw new Error(scene.obstacle);
      const browser = fakeBrowser(scene.browsers.length + 1);
      scene.browsers.push(browser);
      return browser;
    },
    attach: (endpoint) =>
      new Promise((resolve, reject) => {
        scene.attachings.push({ endpoint, attached: resolve, fail: (message) => reject(new Error(message)) });
      }),
    detach: (generation) => scene.told.push(`detach ${generation}`),
    replaceThread: () => scene.told.push('replace the thread'),
    events: {
      launched: ({ pid }) => scene.told.push(`launched ${pid}`),
      ready: ({ pid }, launchMs) => scene.told.push(`ready ${pid} after ${launchMs}`),
      launchFailed: (reason, message) => scene.told.push(`${reason}: ${message}`),
      exited: ({ pid }, { reason }) => scene.told.push(`exited ${pid}: ${reason}`),
      changed: () => {},
    },
  });
});

async function becomesReady(scene: Scene): Promise<void> {
  scene.supervisor.threadReady();
  await settle();
  scene.attachings.at(-1)?.attached();
  await settle();
}

test('starts one for its thread, has it attached to, and says when it is ready', async (scene) => {
  await settle();
  assert.equal(scene.browsers, [], 'not before there is a thread');
  scene.supervisor.threadReady();
  await settle();
  assert.is(scene.supervisor.condition(), 'starting');
  scene.clock.pass(70);
  const [attaching] = scene.attachings;
  const paths = { readPath: 'r1', writePath: 'w1', artifactsDir: 'a1', homeDir: 'h1' };
  assert.equal(attaching?.endpoint, { generation: 1, pid: 1, ...paths });
  attaching?.attached();
  await settle();
  assert.is(scene.supervisor.condition(), 'ready');
  assert.equal(scene.told, ['launched 1', 'ready 1 after 70']);
  assert.equal(scene.browsers[0]?.kills, ['ends released']);
  assert.is(scene.clock.timers(), 0, 'the limit of attaching is taken away');
});

test('a thread that dies while the browser is attached to: another for the next, and nothing failed', async (scene) => {
  scene.supervisor.threadReady();
  await settle();
  scene.supervisor.threadLost();
  scene.attachings[0]?.fail('the thread died');
  await settle();
  assert.equal(scene.browsers[0]?.kills, ['killed']);
  scene.browsers[0]?.exit({ reason: 'killed', detail: '' });
  await settle();
  scene.supervisor.threadReady();
  scene.clock.pass(100);
  await settle();
  scene.attachings[1]?.attached();
  await settle();
  assert.is(scene.supervisor.condition(), 'ready');
  assert.is(scene.attachings[1]?.endpoint.generation, 2);
  assert.not.ok(
    scene.told.some((line) => /^(attach|spawn|timeout):/.test(line)),
    scene.told.join(),
  );
});

test('what is said of the browser before means nothing to the next', async (scene) => {
  await becomesReady(scene);
  scene.browsers[0]?.exit({ reason: 'crash', detail: '' });
  await settle();
  scene.clock.pass(100);
  await settle();
  scene.attachings[1]?.attached();
  await settle();
  scene.supervisor.useless(1, 'unresponsive');
  scene.supervisor.pipeEnded(1);
  scene.clock.pass(10_000);
  assert.is(scene.supervisor.condition(), 'ready');
  assert.equal(scene.browsers[1]?.kills, ['ends released']);
});

test('one that is of no more use is ended, another started', async (scene) => {
  await becomesReady(scene);
  scene.supervisor.useless(1, 'no_pages');
  assert.is(scene.supervisor.condition(), 'starting');
  assert.equal(scene.browsers[0]?.kills, ['ends released', 'no_pages']);
  scene.browsers[0]?.exit({ reason: 'no_pages', detail: '' });
  await settle();
  scene.clock.pass(100);
  await settle();
  assert.is(scene.browsers.length, 2);
});

test('a pipe that ends before its browser does: a second for its exit, then it is ended', async (scene) => {
  await becomesReady(scene);
  scene.supervisor.pipeEnded(1);
  scene.clock.pass(999);
  assert.equal(scene.browsers[0]?.kills, ['ends released']);
  scene.clock.pass(1);
  assert.equal(scene.browsers[0]?.kills, ['ends released', 'unresponsive']);
});

test('one that is killed and stays does not hold up the next, and its end is no end of that', async (scene) => {
  await becomesReady(scene);
  scene.supervisor.useless(1, 'unresponsive');
  scene.clock.pass(END_LIMIT_MS - 1);
  await settle();
  assert.is(scene.browsers.length, 1, 'it is waited for');
  scene.clock.pass(1);
  await settle();
  assert.is(scene.attachings[1]?.endpoint.generation, 2);
  scene.attachings[1]?.attached();
  await settle();
  scene.supervisor.pipeEnded(1);
  scene.browsers[0]?.exit({ reason: 'unresponsive', detail: '' });
  await settle();
  scene.clock.pass(10_000);
  assert.is(scene.supervisor.condition(), 'ready');
  assert.equal(scene.browsers[1]?.kills, ['ends released']);
  assert.equal(scene.told.slice(-4), ['detach 1', 'launched 2', 'ready 2 after 0', 'exited 1: unresponsive']);
  assert.is(scene.clock.timers(), 0);
});

test('where none can be ended there are two, and a third only when one has gone', async (scene) => {
  await becomesReady(scene);
  scene.supervisor.useless(1, 'unresponsive');
  scene.clock.pass(END_LIMIT_MS);
  await settle();
  scene.supervisor.threadLost();
  scene.supervisor.threadReady();
  scene.clock.pass(10 * END_LIMIT_MS);
  await settle();
  assert.equal(
    scene.browsers.map(({ kills }) => kills),
    [['ends released', 'unresponsive'], ['killed']],
  );
  scene.browsers[0]?.exit({ reason: 'unresponsive', detail: '' });
  await settle();
  assert.is(scene.attachings.at(-1)?.endpoint.generation, 3);
});

test('a browser that goes leaves the time of the other as it is', async (scene) => {
  await becomesReady(scene);
  scene.supervisor.useless(1, 'unresponsive');
  scene.clock.pass(END_LIMIT_MS);
  await settle();
  scene.attachings[1]?.attached();
  await settle();
  scene.supervisor.pipeEnded(2);
  scene.browsers[0]?.exit({ reason: 'unresponsive', detail: '' });
  await settle();
  scene.clock.pass(1_000);
  assert.equal(scene.browsers[1]?.kills, ['ends released', 'unresponsive']);
});

test('one that cannot be started is tried for ever, is failing after five, and well when it can', async (scene) => {
  scene.obstacle = 'EAGAIN';
  scene.supervisor.threadReady();
  await settle();
  const conditions = [scene.supervisor.condition()];
  for (const ms of [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]) {
    scene.clock.pass(ms - 1);
    await settle();
    const before = scene.told.length;
    scene.clock.pass(1);
    await settle();
    assert.is(scene.told.length, before + 1, `after ${ms} ms`);
    conditions.push(scene.supervisor.condition());
  }
  assert.equal(conditions.slice(0, 6), ['starting', 'starting', 'starting', 'starting', 'failing', 'failing']);
  scene.obstacle = null;
  scene.clock.pass(5_000);
  await settle();
  scene.attachings[0]?.attached();
  await settle();
  assert.is(scene.supervisor.condition(), 'ready');
});

test('one that is not attached in time is ended', async (scene) => {
  scene.supervisor.threadReady();
  await settle();
  scene.clock.pass(ATTACH_LIMIT_MS);
  await settle();
  assert.match(scene.told.join('; '), /timeout: not attached after 10000 ms; detach/);
  assert.equal(scene.browsers[0]?.kills, ['unresponsive']);
});

test('stops: ends the browser, starts no other, and says so when it has gone', async (scene) => {
  await becomesReady(scene);
  let hasStopped = false;
  const stopped = scene.supervisor.stop().then(() => {
    hasStopped = true;
  });
  await settle();
  assert.is(hasStopped, false);
  assert.equal(scene.browsers[0]?.kills, ['ends released', 'shutdown']);
  scene.browsers[0]?.exit({ reason: 'shutdown', detail: '' });
  await deadline(stopped, WAIT_MS, 'the stop');
  scene.clock.pass(60_000);
  await settle();
  assert.is(scene.browsers.length, 1);
  assert.is(scene.supervisor.condition(), 'stopped');
});

test('a stop ends two, and is over when both have gone', async (scene) => {
  await becomesReady(scene);
  scene.supervisor.useless(1, 'unresponsive');
  scene.clock.pass(END_LIMIT_MS);
  await settle();
  scene.attachings[1]?.attached();
  await settle();
  let hasStopped = false;
  const stopped = scene.supervisor.stop().then(() => {
    hasStopped = true;
  });
  assert.equal(
    scene.browsers.map(({ kills }) => kills.at(-1)),
    ['shutdown', 'shutdown'],
  );
  scene.browsers[1]?.exit({ reason: 'shutdown', detail: '' });
  await settle();
  assert.is(hasStopped, false);
  scene.browsers[0]?.exit({ reason: 'unresponsive', detail: '' });
  await deadline(stopped, WAIT_MS, 'the stop');
  assert.is(scene.clock.timers(), 0);
});

test('stops at once when there is none, and while one is awaited', async (scene) => {
  await deadline(scene.supervisor.stop(), WAIT_MS, 'the stop');
  scene.supervisor.threadReady();
  await settle();
  assert.is(scene.browsers.length, 0);
});

test.run();
