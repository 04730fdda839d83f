import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Candidate, pickWorker } from '../../src/pool/pick.js';

const test = suite('pool/pick');

const idle: Candidate = { isAttached: true, sessions: 0, closing: 0, readyPages: 0, readyAt: 0, lastJob: 0 };

function picked(...candidates: (Partial<Candidate> | undefined)[]): number {
  const all = candidates.map((one, index) => (one ? { ...idle, ...one, index } : undefined));
  return pickWorker(all)?.index ?? -1;
}

test('picks none when none is attached', () => {
  assert.is(picked(), -1);
  assert.is(picked(undefined, { isAttached: false }), -1);
  assert.is(picked({ isAttached: false }, undefined, { sessions: 100 }), 2);
});

test('picks the least busy, ready or not', () => {
  assert.is(picked({ sessions: 1, readyPages: 1, readyAt: 9 }, { sessions: 0 }), 1);
  assert.is(picked({ sessions: 2 }, { sessions: 3 }, { sessions: 1 }), 2);
});

test('a session that is being closed is half of one', () => {
  assert.is(picked({ sessions: 2 }, { sessions: 2, closing: 1, lastJob: 9 }), 1);
  assert.is(picked({ sessions: 1 }, { sessions: 2, closing: 1 }), 0);
  assert.is(picked({ sessions: 1 }, { sessions: 3, closing: 3 }), 0, 'some may hang');
});

test('of those equally busy picks the one whose ready page is the youngest', () => {
  assert.is(picked({ lastJob: 1 }, { readyPages: 1, readyAt: 1, lastJob: 2 }), 1);
  assert.is(picked({ readyPages: 1, readyAt: 5 }, { readyPages: 1, readyAt: 7 }, { readyPages: 2, readyAt: 6 }), 1);
  assert.is(picked({ sessions: 1, readyPages: 1, readyAt: 5 }, { sessions: 1, readyAt: 7 }), 0);
});

test('when none has a page ready picks the one whose last job is the longest ago', () => {
  assert.is(picked({ lastJob: 3 }, { lastJob: 1 }, { lastJob: 2 }), 1);
  assert.is(picked({ lastJob: 3, readyAt: 9 }, { lastJob: 3, readyAt: 1 }), 0);
});

test.run();
