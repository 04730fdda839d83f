/**
 * What must hold of any server at rest, whatever has happened to it: the oracle of every test that breaks something.
 */

import * as assert from 'uvu/assert';
import { type Server, total } from './server.js';

export interface Row {
  readonly [key: string]: number | number[];
  readonly sessionTimes: number[];
}

/** The part of a server that is asked. */
export type Asked = Pick<Server, 'get' | 'samples'>;

export interface Books {
  readonly rows: readonly Row[];
  readonly totals: Row;
  readonly samples: ReadonlyMap<string, number>;
}

export async function readBooks(server: Asked, token = ''): Promise<Books> {
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
  const read = async (path: string) => (await server.get(path, { headers })).text();
  return {
    rows: JSON.parse(await read('/metrics')),
    totals: JSON.parse(await read('/metrics/all')),
    samples: await server.samples(),
  };
}

/** The sum of a column over rows. */
export function columnSum(rows: readonly Row[], column: string): number {
  return rows.reduce((sum, row) => sum + Number(row[column]), 0);
}

const SUMS = ['successful', 'error', 'timedout', 'queued', 'rejected', 'unhealthy', 'unauthorized', 'expired'].concat([
  'abandoned',
  'unavailable',
  'units',
  'totalTime',
  'queueTime',
]);

export async function checkIdentities(server: Asked): Promise<Books> {
  const books = await readBooks(server);
  const { rows, totals, samples } = books;
  const kinds = ['screenshot', 'pdf', 'content', 'cdp', 'test'];
  const of = (name: string, part = ''): number => total(samples, `headcount_${name}`, part);
  assert.is(of('sessions_requested_total'), of('sessions_started_total') + of('requests_rejected_total'), 'requested');
  for (const kind of kinds) {
    const label = `kind="${kind}"`;
    const settled = of('sessions_total', label);
    assert.is(of('sessions_started_total', label), settled + of('sessions_active', label), `started ${kind}`);
    assert.is(of('session_duration_seconds_count', label), settled, `durations of ${kind}`);
    assert.ok(of('session_failures_total', label) <= settled, `failures of ${kind}`);
  }
  assert.is(of('queue_wait_duration_seconds_count'), of('sessions_started_total'), 'waits');
  assert.is(of('browser_launches_total'), of('browser_exits_total') + of('browsers'), 'browsers');
  assert.is(of('deltas_dropped_total'), 0, 'dropped deltas');
  assert.is(of('sessions_active'), 0, 'active');

  const failures = (reason: string): number => of('session_failures_total', `reason="${reason}"`);
  const rejected = (reason: string): number => of('requests_rejected_total', `reason="${reason}"`);
  assert.is(Number(totals['timedout']), failures('timeout'), 'timedout');
  assert.is(Number(totals['error']), of('session_failures_total') - failures('timeout'), 'error');
  assert.is(Number(totals['successful']), of('sessions_total') - of('session_failures_total'), 'successful');
  assert.is(Number(totals['rejected']), rejected('queue_full') + rejected('deadline'), 'rejected');
  assert.is(Number(totals['unhealthy']), rejected('overload'), 'unhealthy');
  assert.is(Number(totals['unavailable']), rejected('draining') + rejected('no_browser'), 'unavailable');
  assert.is(Number(totals['expired']), rejected('expired'), 'expired');
  assert.is(Number(totals['abandoned']), rejected('abandoned'), 'abandoned');
  assert.is(Number(totals['queued']), of('sessions_queued_total'), 'queued');
  assert.is(Number(totals['unauthorized']), of('unauthorized_total'), 'unauthorized');
  assert.is(Number(totals['totalTime']), Math.round(of('session_duration_seconds_sum') * 1000), 'totalTime');

  for (const column of SUMS) assert.is(columnSum(rows, column), Number(totals[column]), `rows of ${column}`);
  const settled = of('sessions_total');
  assert.is(totals.sessionTimes.length, settled, 'session times');
  assert.equal(
    rows.flatMap((row) => row.sessionTimes),
    totals.sessionTimes,
  );
  assert.is(
    totals.sessionTimes.reduce((sum, ms) => sum + ms, 0),
    Number(totals['totalTime']),
    'sum of times',
  );
  assert.is(Number(totals['meanTime']), settled === 0 ? 0 : Number(totals['totalTime']) / settled, 'mean');
  assert.ok(of('session_busy_seconds_total') * 1000 >= Number(totals['totalTime']) - 2 * settled, 'slot-seconds');
  return books;
}
