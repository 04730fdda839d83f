/**
 * What the egress thread runs: it carries no sessions, so that no page's work holds up another's traffic.
 */
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.js';
import { createEgress } from './egress.js';
import { serveMain } from './thread.js';

assert(parentPort);
const record = { bytes() {}, connection() {}, refusal() {}, open() {} };
serveMain(parentPort, createEgress({ setup: workerData, record, clock: systemClock }));
