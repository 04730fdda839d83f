/**
 * What the page takes from the API: the keys are those that the server has, and nothing else passes.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FIELDS } from '../../src/metrics/fields.js';
import { eventOf, FIGURES, rowsOf, sessionsOf, settingsOf } from '../../src/page/figures.js';
import { recently } from './recents.js';
import { rowAt } from './rows.js';

const test = suite('page/figures');
const PRESSURE = {
  date: 5,
  queued: 0,
  running: 1,
  maxConcurrent: 2,
  maxQueued: 3,
  cpu: 4,
  memory: 5,
};

test('the names are those of the columns that rows and totals share', () => {
  const shared = FIELDS.filter(({ inTotals, of }) => inTotals && of !== null).map(({ name }) => name);
  assert.equal([...FIGURES].sort(), [...shared].sort());
});

test('an event becomes what the page shows', () => {
  const workers = [{ worker: 0, state: 'busy', browser: 'ready', sessions: 1, pid: null }];
  const recent = recently({ successful: 2, failures: { timeout: 1 } });
  const sent = { row: rowAt(300_000), pressure: PRESSURE, notReady: 'full', recent, workers };
  const event = eventOf(sent);
  assert.is(event.row.date, 300_000);
  assert.is(event.pressure.running, 1);
  assert.is(event.notReady, 'full');
  assert.equal(event.workers, workers);
  assert.equal(event.recent, recent);
  assert.is(eventOf({ ...sent, notReady: null }).notReady, null);
});

test('a session has hosts and silence when it is a client over WebSocket', () => {
  const texts = { id: 'a', kind: 'cdp', state: 'running', trackingId: null, remoteAddress: null };
  const session = { ...texts, worker: 0, phase: 'run', host: null, ageMs: 5 };
  const read = sessionsOf([session, { ...session, hosts: ['a.example', 'b.example'], idleMs: 3 }]);
  assert.equal(
    read.map(({ hosts, idleMs }) => ({ hosts, idleMs })),
    [
      { hosts: [], idleMs: null },
      { hosts: ['a.example', 'b.example'], idleMs: 3 },
    ],
  );
  assert.throws(() => sessionsOf([{ ...session, hosts: 'a.example' }]), /hosts/);
  assert.throws(() => sessionsOf([{ ...session, idleMs: '3' }]), /idleMs/);
});

test('what is not as expected is named', () => {
  assert.throws(() => rowsOf([{ ...rowAt(0), p50Time: null }]), /p50Time/);
  assert.throws(() => rowsOf({}), /rows/);
  const event = { row: rowAt(0), pressure: PRESSURE, notReady: null, recent: recently(), workers: [] };
  assert.throws(() => eventOf({ ...event, pressure: { ...PRESSURE, cpu: '1' } }), /cpu/);
  assert.throws(() => eventOf({ ...event, recent: { ...event.recent, before: {} } }), /failures/);
  const odd = recently({ failures: { timeout: Number.NaN } });
  assert.throws(() => eventOf({ ...event, recent: JSON.parse(JSON.stringify(odd)) }), /timeout/);
  assert.throws(() => eventOf(null), /event/);
  assert.throws(() => sessionsOf([{ id: 1 }]), /ageMs|id/);
  assert.throws(() => settingsOf({ METRICS_PERIODS: '7' }, ['METRICS_PERIODS']), /METRICS_PERIODS/);
});

test.run();
