/**
 * When two readers share a snapshot, what a snapshot brings up to date, and what a collector that throws costs.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { COLLECTORS } from '../../src/metrics/family.js';
import { createCore, PERIOD_MS } from './core.js';

const test = suite('metrics/snapshot');

test('is shared for less than 100 ms', () => {
  const core = createCore();
  const first = core.snapshot();
  core.clock.pass(99);
  assert.is(core.snapshot(), first);
  core.clock.pass(1);
  const second = core.snapshot();
  assert.is.not(second, first);
  assert.ok(second.id > first.id);
  assert.is(second.version, first.version, 'nothing was counted');
});

test('is shared while only the answering itself was counted', () => {
  const core = createCore();
  const { layout } = core;
  const first = core.snapshot();
  core.record(layout.cellOf('headcount_http_requests_total', '/metrics', 'GET', '200'), 1);
  core.record(layout.cellOf('headcount_http_request_duration_seconds', '/metrics'), 2);
  assert.is(core.snapshot(), first);
  core.record(layout.cellOf('headcount_unauthorized_total'), 1);
  const second = core.snapshot();
  assert.is.not(second, first);
  assert.is(second.counters[layout.cellOf('headcount_http_requests_total', '/metrics', 'GET', '200')], 1);
});

test('takes in what workers have written, and is fresh then', () => {
  const core = createCore();
  const cell = core.layout.cellOf('headcount_prewarm_total', 'hit');
  const first = core.snapshot();
  core.writers[1]?.(cell, 1);
  const second = core.snapshot();
  assert.is.not(second, first);
  assert.equal([first.counters[cell], second.counters[cell]], [0, 1]);
});

test('closes a period that is over, and is fresh then', () => {
  const core = createCore();
  core.clock.pass(PERIOD_MS - 1);
  const first = core.snapshot();
  core.clock.pass(1);
  const second = core.snapshot();
  assert.is.not(second, first);
  assert.is.not(second.version, first.version);
  assert.is(core.ring.closed(), 1);
});

test('what is counted later does not reach it', () => {
  const core = createCore();
  const cell = core.layout.cellOf('headcount_unauthorized_total');
  const { counters } = core.snapshot();
  core.record(cell, 1);
  assert.is(counters[cell], 0);
});

test('collectors are asked for each fresh snapshot, and not for a shared one', () => {
  let length = 4;
  const core = createCore({
    collectors: { sessions: (set) => set(core.layout.cellOf('headcount_queue_length'), length++) },
  });
  const cell = core.layout.cellOf('headcount_queue_length');
  assert.is(core.snapshot().counters[cell], 4);
  assert.is(core.snapshot().counters[cell], 4);
  core.clock.pass(100);
  assert.is(core.snapshot().counters[cell], 5);
  assert.is(core.fold.counters[cell], 0, 'the counters since start are not touched');
});

test('the time of each collector is told', () => {
  const core = createCore({ collectors: { process: () => core.clock.pass(30) } });
  const { counters } = core.snapshot();
  const timeOf = (name: string) => counters[core.layout.cellOf('headcount_collector_duration_seconds', name)];
  assert.equal([timeOf('process'), timeOf('nodejs')], [30, 0]);
});

test('a collector that throws is 0, told once a snapshot, and costs no other its values', () => {
  const core = createCore({
    collectors: {
      sessions: () => {
        throw new Error('no sessions');
      },
      process: (set) => set(core.layout.cellOf('process_open_fds'), 12),
    },
  });
  const { counters, failed } = core.snapshot();
  assert.equal([...failed], ['sessions']);
  assert.equal(core.failures, ['sessions']);
  for (const name of COLLECTORS) {
    const success = counters[core.layout.cellOf('headcount_collector_success', name)];
    assert.is(success, name === 'sessions' ? 0 : 1, name);
  }
  assert.is(counters[core.layout.cellOf('process_open_fds')], 12);
});

test('a collector that sets what is no number is one that failed', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const core = createCore({ collectors: { process: (set) => set(core.layout.cellOf('process_max_fds'), value) } });
    const { counters, failed } = core.snapshot();
    assert.equal([...failed], ['process'], String(value));
    assert.is(counters[core.layout.cellOf('headcount_collector_success', 'process')], 0);
  }
});

test('a collector that works again is 1 again', () => {
  let isBroken = true;
  const core = createCore({
    collectors: {
      nodejs: () => {
        if (isBroken) throw new Error('broken');
      },
    },
  });
  assert.is(core.snapshot().failed.size, 1);
  isBroken = false;
  core.clock.pass(100);
  const { failed, counters } = core.snapshot();
  assert.is(failed.size, 0);
  assert.is(counters[core.layout.cellOf('headcount_collector_success', 'nodejs')], 1);
});

test.run();
