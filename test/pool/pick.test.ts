import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Candidate, homesOf, pickWorker, type Wanted } from '../../src/pool/pick.js';

const test = suite('pool/pick');

const CLIENT: Wanted = { kind: 'client' };
const idle: Candidate = {
  isAttached: true,
  sessions: 0,
  closing: 0,
  clients: 0,
  readyPages: 0,
  readyAt: 0,
  lastJob: 0,
};

function picked(wanted: Wanted, ...candidates: (Partial<Candidate> | undefined)[]): number {
  const all = candidates.map((one, index) => (one ? { ...idle, ...one, index } : undefined));
  return pickWorker(all, wanted)?.index ?? -1;
}

function job(browsers: number, sessionsMax: number): Wanted {
  return { kind: 'job', homes: { browsers, sessionsMax } };
}

test('picks none when none is attached', () => {
  for (const wanted of [CLIENT, job(1, 4)]) {
    assert.is(picked(wanted), -1);
    assert.is(picked(wanted, undefined, { isAttached: false }), -1);
    assert.is(picked(wanted, { isAttached: false }, undefined, { sessions: 100 }), 2);
  }
});

test('a client comes to the least busy, ready or not', () => {
  assert.is(picked(CLIENT, { sessions: 1, readyPages: 1, readyAt: 9 }, { sessions: 0 }), 1);
  assert.is(picked(CLIENT, { sessions: 2 }, { sessions: 3 }, { sessions: 1 }), 2);
});

test('a session that is being closed is half of one', () => {
  assert.is(picked(CLIENT, { sessions: 2 }, { sessions: 2, closing: 1, lastJob: 9 }), 1);
  assert.is(picked(CLIENT, { sessions: 1 }, { sessions: 2, closing: 1 }), 0);
  assert.is(picked(CLIENT, { sessions: 1 }, { sessions: 3, closing: 3 }), 0, 'some may hang');
});

test('of those equally busy picks the one whose ready page is the youngest', () => {
  assert.is(picked(CLIENT, { lastJob: 1 }, { readyPages: 1, readyAt: 1, lastJob: 2 }), 1);
  const pages = [
    { readyPages: 1, readyAt: 5 },
    { readyPages: 1, readyAt: 7 },
    { readyPages: 2, readyAt: 6 },
  ];
  assert.is(picked(CLIENT, ...pages), 1);
  assert.is(picked(job(3, 4), ...pages), 1, 'of homes too');
  assert.is(picked(CLIENT, { sessions: 1, readyPages: 1, readyAt: 5 }, { sessions: 1, readyAt: 7 }), 0);
});

test('when none has a page ready picks the one whose last job is the longest ago', () => {
  assert.is(picked(CLIENT, { lastJob: 3 }, { lastJob: 1 }, { lastJob: 2 }), 1);
  assert.is(picked(CLIENT, { lastJob: 3, readyAt: 9 }, { lastJob: 3, readyAt: 1 }), 0);
});

test('few jobs come together where others are at work; the first one as a client does', () => {
  assert.is(picked(job(1, 4), { lastJob: 9 }, { readyPages: 1, readyAt: 9 }), 1);
  assert.is(picked(job(1, 4), { sessions: 1, closing: 1 }, {}), 1);
  assert.is(picked(job(1, 4), { readyPages: 1 }, { sessions: 3 }), 1);
  assert.is(picked(job(1, 4), { sessions: 1 }, { sessions: 2 }), 1, 'most of them');
  assert.is(picked(job(1, 4), { sessions: 3, isAttached: false }, undefined, { sessions: 1 }, {}), 2);
});

test('as many jobs as homes have sessions at most are spread', () => {
  assert.is(picked(job(1, 4), { sessions: 4 }, {}), 1);
  assert.is(picked(job(1, 4), { sessions: 3 }, { sessions: 1 }), 1);
  assert.is(picked(job(1, 4), { sessions: 3 }, {}), 0);
  assert.is(picked(job(1, 4), { sessions: 3 }, { sessions: 9 }), 0);
});

test('those that are being closed do not count for that, unless they hang', () => {
  assert.is(picked(job(1, 4), { sessions: 7, closing: 4 }, {}), 0);
  assert.is(picked(job(1, 4), { sessions: 8, closing: 4 }, {}), 1);
  assert.is(picked(job(1, 4), { sessions: 5, closing: 5 }, {}), 1);
});

test('jobs have the homes with the fewest clients', () => {
  assert.is(picked(job(1, 4), { sessions: 1, clients: 1 }, { sessions: 2 }), 1);
  assert.is(picked(job(1, 4), { sessions: 2, clients: 2 }, { sessions: 1, clients: 1 }), 1);
  assert.is(picked(job(1, 4), { sessions: 1, clients: 1 }, { sessions: 2, clients: 1 }), 1);
});

test('of several homes a job comes to the least busy', () => {
  assert.is(picked(job(2, 4), { sessions: 3 }, {}, { sessions: 2 }), 2);
  assert.is(picked(job(2, 4), { sessions: 1 }, {}, { readyPages: 1 }), 2);
  assert.is(picked(job(2, 4), { sessions: 4 }, { sessions: 3 }, {}), 1);
  assert.is(picked(job(2, 4), { sessions: 4 }, { sessions: 4 }, {}), 2);
});

test('there is a home for each two CPUs, with its share of the slots or four', () => {
  assert.equal(homesOf({ cpus: 1, slots: 10, workers: 1 }), { browsers: 1, sessionsMax: 10 });
  assert.equal(homesOf({ cpus: 2, slots: 10, workers: 2 }), { browsers: 1, sessionsMax: 5 });
  assert.equal(homesOf({ cpus: 3, slots: 10, workers: 3 }), { browsers: 1, sessionsMax: 4 });
  assert.equal(homesOf({ cpus: 8, slots: 3, workers: 4 }), { browsers: 4, sessionsMax: 4 });
});

test.run();
