/**
 * What became of sessions is counted by the second, over five minutes and the five before, and forgotten then.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRecent } from '../../src/admission/recent.js';
import { createTimedClock } from './timed-clock.js';

const test = suite('admission/recent');

test('counts what was within five minutes, and forgets it a second at a time', () => {
  const clock = createTimedClock();
  const recent = createRecent(clock, ['pdf', 'cdp']);
  const count = () => recent.count('queue_full');
  assert.is(count(), 0);
  recent.add('pdf', 'queue_full');
  recent.add('cdp', 'queue_full');
  recent.add('pdf', 'successful');
  clock.pass(100_000);
  recent.add('pdf', 'queue_full');
  assert.is(count(), 3);
  clock.pass(199_999);
  assert.is(count(), 3);
  clock.pass(1);
  assert.is(count(), 1);
  clock.pass(99_999);
  assert.is(count(), 1);
  clock.pass(1);
  assert.is(count(), 0);
});

test('a long silence forgets everything, and a burst within a second is counted whole', () => {
  const clock = createTimedClock();
  const recent = createRecent(clock, ['pdf', 'cdp']);
  for (let i = 0; i < 100_000; i++) recent.add('pdf', 'queue_full');
  assert.is(recent.count('queue_full'), 100_000);
  clock.pass(86_400_000);
  assert.is(recent.count('queue_full'), 0);
  recent.add('pdf', 'queue_full');
  assert.is(recent.count('queue_full'), 1);
});

test('tells the last minute, the last five, and the five before, as far as there was a server', () => {
  const clock = createTimedClock();
  const recent = createRecent(clock, ['pdf', 'cdp']);
  clock.pass(20_000);
  recent.add('pdf', 'successful');
  recent.add('pdf', 'timeout');
  recent.add('pdf', 'deadline');
  const first = { successful: 1, failures: { timeout: 1 }, refusals: { deadline: 1 } };
  const none = { successful: 0, failures: {}, refusals: {} };
  assert.equal(recent.view(), {
    lastMinute: { spanMs: 20_000, ...first },
    last5Minutes: { spanMs: 20_000, ...first },
    before: { spanMs: 0, ...none },
    kinds: { pdf: { spanMs: 20_000, ...first } },
  });
  clock.pass(60_000);
  recent.add('cdp', 'killed');
  assert.equal(recent.view(), {
    lastMinute: { spanMs: 60_000, ...none, failures: { killed: 1 } },
    last5Minutes: { spanMs: 80_000, ...first, failures: { timeout: 1, killed: 1 } },
    before: { spanMs: 0, ...none },
    kinds: {
      pdf: { spanMs: 80_000, ...first },
      cdp: { spanMs: 80_000, ...none, failures: { killed: 1 } },
    },
  });
  clock.pass(240_000);
  assert.equal(recent.view(), {
    lastMinute: { spanMs: 60_000, ...none },
    last5Minutes: { spanMs: 300_000, ...none, failures: { killed: 1 } },
    before: { spanMs: 20_000, ...first },
    kinds: { cdp: { spanMs: 300_000, ...none, failures: { killed: 1 } } },
  });
  clock.pass(600_000);
  const { last5Minutes, before, kinds } = recent.view();
  assert.equal([last5Minutes.failures, before.successful, kinds], [{}, 0, {}]);
});

test.run();
