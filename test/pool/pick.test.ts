import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Candidate, homesOn, pickWorker, type Wanted } from '../../src/pool/pick.js';

const test = suite('pool/pick');

const CLIENT: Wanted = { kind: 'client' };
const idle: Candidate = {
  isAttached: true,
  isLoading: false,
  sessions: 0,
  closing: 0,
  jobs: 0,
  readyPages: 0,
  readyAt: 0,
  lastJob: 0,
  silentMs: 0,
};

/** All sessions are jobs where nothing else is said. */
function picked(wanted: Wanted, ...candidates: (Partial<Candidate> | undefined)[]): number {
  const all = candidates.map((one, index) => (one ? { ...idle, jobs: one.sessions ?? 0, ...one, index } : undefined));
  return pickWorker(all, wanted)?.index ?? -1;
}

function job(browsers: number, [jobsMin, jobsMax]: [number, number] = [2, 5]): Wanted {
  return { kind: 'job', homes: { browsers, jobsMin, jobsMax } };
}

test('picks none when none is attached', () => {
  for (const wanted of [CLIENT, job(1)]) {
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
  assert.is(picked(job(3, [0, 9]), ...pages), 1, 'of homes too');
  assert.is(picked(CLIENT, { sessions: 1, readyPages: 1, readyAt: 5 }, { sessions: 1, readyAt: 7 }), 0);
});

test('when none has a page ready picks the one whose last job is the longest ago', () => {
  assert.is(picked(CLIENT, { lastJob: 3 }, { lastJob: 1 }, { lastJob: 2 }), 1);
  assert.is(picked(CLIENT, { lastJob: 3, readyAt: 9 }, { lastJob: 3, readyAt: 1 }), 0);
});

test('the first job, and one beside a single session, comes as a client does', () => {
  assert.is(picked(job(1), { lastJob: 9 }, { readyPages: 1, readyAt: 9 }), 1);
  assert.is(picked(job(1), { sessions: 1, lastJob: 9 }, {}), 1);
  assert.is(picked(job(1), { sessions: 1, closing: 1, lastJob: 9 }, {}), 1);
});

test('a job beside more of them comes where the last one came', () => {
  assert.is(picked(job(1), { sessions: 2, lastJob: 9 }, { readyPages: 1, lastJob: 8 }), 0);
  assert.is(picked(job(1), { sessions: 3, lastJob: 8 }, { sessions: 1, lastJob: 9 }), 1);
  assert.is(picked(job(1), { sessions: 1, closing: 1, lastJob: 9 }, { sessions: 1 }), 0, 'closing is work too');
  const lost = { sessions: 3, lastJob: 9, isAttached: false };
  assert.is(picked(job(1), lost, undefined, { sessions: 2, lastJob: 1 }, {}), 2);
});

test('jobs beside many sessions are spread', () => {
  assert.is(picked(job(1), { sessions: 4, lastJob: 9 }, {}), 0);
  assert.is(picked(job(1), { sessions: 5, lastJob: 9 }, {}), 1);
  assert.is(picked(job(1), { sessions: 3, lastJob: 9 }, { sessions: 2 }), 1);
  assert.is(picked(job(1), { sessions: 3 }, { sessions: 9, lastJob: 9 }), 0);
});

test('those that are being closed are not many, unless they hang', () => {
  assert.is(picked(job(1), { sessions: 6, closing: 3, lastJob: 9 }, {}), 0);
  assert.is(picked(job(1), { sessions: 7, closing: 4, lastJob: 9 }, {}), 1);
  assert.is(picked(job(1), { sessions: 2, closing: 2, lastJob: 9 }, { lastJob: 1 }), 0);
  assert.is(picked(job(1), { sessions: 3, closing: 3, lastJob: 9 }, { lastJob: 1 }), 1);
});

test('jobs do not follow to who has been silent for two seconds', () => {
  assert.is(picked(job(1), { sessions: 2, lastJob: 9, silentMs: 2_000 }, {}), 0);
  assert.is(picked(job(1), { sessions: 2, lastJob: 9, silentMs: 2_001 }, {}), 1);
});

test('who loads code comes last', () => {
  assert.is(picked(job(1), { sessions: 2, lastJob: 9, isLoading: true }, {}), 1);
  for (const wanted of [CLIENT, job(1)]) {
    assert.is(picked(wanted, { isLoading: true, readyPages: 1 }, { sessions: 1 }), 1);
    assert.is(picked(wanted, { isLoading: true }, { isAttached: false }), 0, 'when nobody else is there');
  }
});

test('jobs that come together keep away from clients, which are not among them', () => {
  assert.is(picked(job(1), { sessions: 3, jobs: 2, lastJob: 9 }, { sessions: 2 }), 1);
  assert.is(picked(job(1), { sessions: 3, jobs: 1, lastJob: 9 }, { sessions: 2, jobs: 1 }), 1);
  assert.is(picked(job(1), { sessions: 2, jobs: 1 }, { sessions: 2, jobs: 1, lastJob: 9 }), 1);
  assert.is(picked(job(1), { sessions: 4, lastJob: 9 }, { sessions: 3, jobs: 0 }), 0);
  assert.is(picked(job(1), { sessions: 5, lastJob: 9 }, { sessions: 3, jobs: 0 }), 1, 'five jobs are many');
});

test('of several homes a job comes to the least busy', () => {
  const wanted = job(2, [4, 10]);
  assert.is(picked(wanted, { sessions: 3, lastJob: 8 }, {}, { sessions: 2, lastJob: 9 }), 2);
  assert.is(picked(wanted, { sessions: 2, lastJob: 8 }, {}, { sessions: 3, lastJob: 9 }), 0);
  assert.is(picked(wanted, { sessions: 5, lastJob: 8 }, {}, { sessions: 5, lastJob: 9 }), 1);
});

test('jobs come together once there is one for each CPU, in a browser for each two', () => {
  assert.equal(homesOn(1), { browsers: 1, jobsMin: 2, jobsMax: 5 });
  assert.equal(homesOn(2), { browsers: 1, jobsMin: 2, jobsMax: 5 });
  assert.equal(homesOn(3), { browsers: 1, jobsMin: 3, jobsMax: 5 });
  assert.equal(homesOn(8), { browsers: 4, jobsMin: 8, jobsMax: 20 });
});

test.run();
