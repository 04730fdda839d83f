/**
 * What the egress thread runs. It has no sessions, so no page's work holds up another's traffic. Out: its counts, as
 * stat deltas in its lane, and a word to main once it serves.
 */
import assert from 'node:assert/strict';
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.js';
import { collectAtRest } from '../garbage.js';
import { claimLane, openLaneWriter } from '../metrics/lane.js';
import { createLayout } from '../metrics/layout.js';
import { EGRESS_DIRECTIONS, EGRESS_REFUSALS, type EgressSetup } from '../protocol/egress.js';
import { createEgress } from './egress.js';
import type { EgressRecord } from './record.js';
import { serveMain } from './thread.js';

assert(parentPort);
const setup: EgressSetup = workerData;
serveMain(parentPort, createEgress({ setup, record: openRecord(setup), clock: systemClock }));
parentPort.postMessage('ready');
// Once, after its start: connections leave little garbage.
collectAtRest({ clock: systemClock, isBusy: () => false });

function openRecord({ books }: EgressSetup): EgressRecord {
  const { lanes, laneShape, domains } = books;
  const index = claimLane(lanes, laneShape, threadId);
  assert(index !== -1, 'the lane of the thread before has not been freed');
  const write = openLaneWriter(lanes, laneShape, { index, now: systemClock.monotonicMs });
  const { cellOf } = createLayout(domains);
  const bytes = new Map(EGRESS_DIRECTIONS.map((one) => [one, cellOf('headcount_egress_bytes_total', one)]));
  const refusals = new Map(EGRESS_REFUSALS.map((one) => [one, cellOf('headcount_egress_refusals_total', one)]));
  const made = cellOf('headcount_egress_connections_total');
  const open = cellOf('headcount_egress_connections_open');
  return {
    bytes: (direction, count) => write(bytes.get(direction) ?? 0, count),
    connection: () => write(made, 1),
    refusal: (reason) => write(refusals.get(reason) ?? 0, 1),
    open: (count) => write(open, count),
  };
}
