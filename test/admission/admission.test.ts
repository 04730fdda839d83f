/**
 * Every way in which a session can go, at the exact moment that it goes, over a clock that stands still.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkBooks, codes, createScene, FINE, turn } from './scene.js';

const test = suite('admission/admission');

test('slots are given first come first served, also when one leaves the middle of the queue', async () => {
  const scene = createScene({ slots: 1 });
  const sent = ['a', 'b', 'c', 'd'].map((id) => scene.send(id));
  sent[2]?.leave();
  for (const id of ['a', 'b', 'd']) {
    const running = scene.started.at(-1);
    assert.is(running?.id, id);
    await running?.finish(FINE);
    await running?.release();
  }
  assert.equal(codes(sent), ['ok', 'ok', 'CLIENT_CLOSED', 'ok']);
  assert.is(scene.sum('headcount_sessions_queued_total'), 3);
  checkBooks(scene);
});

test('one session more than slots and queue hold is refused; with no queue, the first that finds no slot', async () => {
  const scene = createScene({ slots: 2, queueLimit: 3 });
  const sent = Array.from({ length: 6 }, (_, i) => scene.send(String(i)));
  await turn();
  assert.equal(codes(sent), [null, null, null, null, null, 'QUEUE_FULL']);
  assert.is(scene.admission.queueLength(), 3);
  assert.is(scene.sum('headcount_requests_rejected_total', 'queue_full'), 1);
  checkBooks(scene);
  const none = createScene({ slots: 1, queueLimit: 0 });
  const two = [none.send('a'), none.send('b')];
  await turn();
  assert.equal(codes(two), [null, 'QUEUE_FULL']);
  assert.is(none.sum('headcount_sessions_queued_total'), 0);
});

test('a refusal by the head is what a session sent now would get, and counted as that', async () => {
  const scene = createScene({ slots: 1, queueLimit: 1 });
  const { admission, pool, told } = scene;
  const resource = { isReady: () => pool.isReady, isHopeless: () => pool.isHopeless };
  const session = {
    id: 'x',
    kind: 'content',
    client: null,
    trackingId: null,
    target: null,
    limits: { waitMs: 1, runMs: 1 },
  } as const;
  for (const id of ['a', 'b']) {
    assert.is(admission.refusalOf(resource), null, id);
    scene.send(id);
  }
  const refusal = admission.refusalOf(resource);
  assert.ok(refusal);
  const { outcome, queueMs } = admission.turnAway(session, refusal);
  assert.equal([outcome.isOk, refusal.code, queueMs], [false, 'QUEUE_FULL', 0]);
  assert.equal([told.at(-1)?.session, told.at(-1)?.reason], [session, 'queue_full']);
  assert.is(scene.sum('headcount_requests_rejected_total', 'queue_full'), 1);
  assert.is(scene.sum('headcount_sessions_requested_total'), 3);
  checkBooks(scene);
  pool.isHopeless = true;
  assert.is(admission.refusalOf(resource)?.code, 'NO_BROWSER');
  void admission.drain();
  assert.is(admission.refusalOf(resource)?.code, 'DRAINING');
});

test('who waits too long is refused at that moment, and its wait is told', async () => {
  const scene = createScene({ slots: 1, queueTimeoutMs: 1_000 });
  const sent = [scene.send('a'), scene.send('b')];
  scene.clock.pass(999);
  await turn();
  assert.is(sent[1]?.outcome(), null);
  scene.clock.pass(1);
  await turn();
  assert.is(sent[1]?.outcome(), 'QUEUE_TIMEOUT');
  assert.is(sent[1]?.queueMs(), 1_000);
  assert.is(scene.sum('headcount_requests_rejected_total', 'expired'), 1);
  assert.equal(scene.told.at(-1)?.runMs, null);
  // A session that got its slot in time does not expire while it runs.
  const third = scene.send('c');
  scene.clock.pass(900);
  await scene.started[0]?.finish(FINE);
  await scene.started[0]?.release();
  scene.clock.pass(5_000);
  await scene.started[1]?.finish(FINE);
  assert.equal([third.outcome(), third.queueMs()], ['ok', 900]);
  checkBooks(scene);
});

test('a client that leaves the queue touches no browser and is abandoned', async () => {
  const scene = createScene({ slots: 1 });
  const [, second] = [scene.send('a'), scene.send('b')];
  second?.leave();
  await turn();
  assert.is(second?.outcome(), 'CLIENT_CLOSED');
  assert.is(scene.started.length, 1);
  assert.is(scene.admission.queueLength(), 0);
  assert.is(scene.sum('headcount_requests_rejected_total', 'abandoned'), 1);
  assert.is(scene.sum('headcount_session_failures_total'), 0);
  checkBooks(scene);
});

test('a client that has left before its session is asked for never gets a slot nor a place', async () => {
  const scene = createScene({ slots: 1 });
  const first = scene.send('a', { hasLeft: true });
  scene.send('b');
  const third = scene.send('c', { hasLeft: true });
  await turn();
  assert.equal(codes([first, third]), ['CLIENT_CLOSED', 'CLIENT_CLOSED']);
  assert.equal([scene.started.length, scene.admission.queueLength()], [1, 0]);
  assert.is(scene.sum('headcount_requests_rejected_total', 'abandoned'), 2);
  checkBooks(scene);
});

test('a client that leaves while it runs: settled at once, told to end, its slot held until released', async () => {
  const scene = createScene({ slots: 1 });
  const [first, second] = [scene.send('a'), scene.send('b')];
  scene.clock.pass(40);
  first?.leave();
  await turn();
  assert.is(first?.outcome(), 'CLIENT_CLOSED');
  assert.is(scene.started[0]?.cancels, 1);
  assert.is(scene.sum('headcount_session_failures_total', 'client_closed'), 1);
  assert.equal([scene.admission.active().length, scene.admission.slotsInUse(), scene.started.length], [0, 1, 1]);
  assert.is(scene.admission.sessions()[0]?.state, 'closing');
  await scene.started[0]?.release();
  assert.is(scene.started.length, 2);
  assert.is(second?.outcome(), null);
  checkBooks(scene);
});

test('the first end wins, whichever comes after it', async () => {
  const scene = createScene({ slots: 3 });
  const late = scene.send('late', { timeoutMs: 500 });
  const early = scene.send('early', { timeoutMs: 500 });
  const killed = scene.send('killed');
  await scene.started[1]?.finish(FINE);
  scene.clock.pass(500);
  await scene.started[0]?.finish(FINE);
  late.leave();
  early.leave();
  assert.ok(scene.admission.kill('killed', 'by hand'));
  assert.not.ok(scene.admission.kill('killed', 'by hand'));
  await scene.started[2]?.finish({ isOk: false, code: 'BROWSER_CRASHED', message: '' });
  killed.leave();
  assert.equal(codes([late, early, killed]), ['SESSION_TIMEOUT', 'ok', 'SESSION_KILLED']);
  assert.equal(
    [late, early, killed].map((one) => one.count()),
    [1, 1, 1],
  );
  assert.equal(
    scene.told.map(({ reason }) => reason),
    ['successful', 'timeout', 'killed'],
  );
  assert.is(scene.sum('headcount_sessions_total'), 3);
  assert.equal(
    scene.started.map((one) => one.cancels),
    [1, 0, 1],
  );
  checkBooks(scene);
});

test('run time is from slot to settling, in whole ms and at least 1; waiting is not in it', async () => {
  const scene = createScene({ slots: 1 });
  scene.send('a');
  await scene.started[0]?.finish(FINE);
  scene.clock.pass(250);
  scene.send('b');
  scene.clock.pass(250);
  await scene.started[0]?.release();
  scene.clock.pass(70.4);
  await scene.started[1]?.finish(FINE);
  assert.equal(
    scene.told.map(({ queueMs, runMs }) => [queueMs, runMs]),
    [
      [0, 1],
      [250, 70],
    ],
  );
  assert.is(scene.sum('headcount_session_duration_seconds'), 71);
  assert.is(scene.sum('headcount_queue_wait_duration_seconds'), 250);
});

test('slot-seconds are exact, whether they are asked for in between or not', async () => {
  const scene = createScene({ slots: 2 });
  const busyMs = (): number => scene.sum('headcount_session_busy_seconds_total');
  scene.clock.pass(1_000);
  scene.send('a');
  scene.clock.pass(100);
  scene.send('b');
  scene.clock.pass(10);
  scene.admission.countSlots();
  assert.is(busyMs(), 120);
  await scene.started[0]?.finish(FINE);
  scene.clock.pass(5);
  await scene.started[0]?.release();
  assert.is(busyMs(), 130);
  scene.clock.pass(1_000);
  await scene.started[1]?.release();
  scene.clock.pass(1_000);
  scene.admission.countSlots();
  assert.is(busyMs(), 1_130);
});

test('while no worker is ready all wait; a hopeless pool refuses those that wait and those that come', async () => {
  const scene = createScene({ slots: 5, queueLimit: 3 });
  scene.pool.isReady = false;
  const sent = ['a', 'b', 'c', 'd'].map((id) => scene.send(id));
  scene.pool.isReady = true;
  scene.admission.pump();
  assert.is(scene.started.length, 3);
  scene.pool.isReady = false;
  sent.push(scene.send('e'));
  scene.pool.isHopeless = true;
  scene.admission.pump();
  sent.push(scene.send('f'));
  await turn();
  assert.equal(codes(sent), [null, null, null, 'QUEUE_FULL', 'NO_BROWSER', 'NO_BROWSER']);
  assert.is(scene.sum('headcount_requests_rejected_total', 'no_browser'), 2);
  checkBooks(scene);
});

test('drain refuses who waits and who comes, lets run who runs, and ends with the last slot', async () => {
  const scene = createScene({ slots: 1 });
  const sent = [scene.send('a'), scene.send('b')];
  let isDrained = false;
  const drained = scene.admission.drain().then(() => {
    isDrained = true;
  });
  sent.push(scene.send('c'));
  await turn();
  assert.equal(codes(sent), [null, 'DRAINING', 'DRAINING']);
  await scene.started[0]?.finish(FINE);
  assert.not.ok(isDrained);
  await scene.started[0]?.release();
  await drained;
  assert.is(sent[0]?.outcome(), 'ok');
  assert.is(scene.sum('headcount_requests_rejected_total', 'draining'), 2);
  await createScene({ slots: 1 }).admission.drain();
  checkBooks(scene);
});

test('nothing is left set: no timer of a session that has ended', async () => {
  const scene = createScene({ slots: 1, queueTimeoutMs: 1_000 });
  const sent = [scene.send('a', { timeoutMs: 900 }), scene.send('b'), scene.send('c')];
  sent[2]?.leave();
  await scene.started[0]?.finish(FINE);
  await scene.started[0]?.release();
  await scene.started[1]?.finish(FINE);
  assert.is(scene.clock.timers(), 0);
  assert.is(scene.admission.oldestEnqueuedEpochMs(), 0);
});

test('who is refused is told when to ask again, where that is known', async () => {
  const scene = createScene({ slots: 1, queueLimit: 0 });
  const [, second] = [scene.send('a', { timeoutMs: 10 }), scene.send('b')];
  const refused = (await second?.settled)?.outcome;
  assert.is(refused && !refused.isOk ? refused.retryAfterMs : null, 1_000);
  scene.clock.pass(10);
  await turn();
  const late = scene.told.at(-1)?.outcome;
  assert.is(late && !late.isOk ? late.retryAfterMs : null, undefined);
});

test('the head of the queue says since when it waits', () => {
  const scene = createScene({ slots: 1 });
  scene.send('a');
  scene.clock.pass(500);
  const atMs = scene.clock.epochMs();
  const [second] = [scene.send('b'), scene.clock.pass(100), scene.send('c')];
  assert.is(scene.admission.oldestEnqueuedEpochMs(), atMs);
  second?.leave();
  assert.is(scene.admission.oldestEnqueuedEpochMs(), atMs + 100);
});

test.run();
