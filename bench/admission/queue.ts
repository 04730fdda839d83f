/**
 * Admission: a session goes through in under 50 µs, whether it waits behind a thousand others or not, books kept in
 * the real fold; and one that leaves from the middle of a queue of a thousand costs no more.
 */

import { createAdmission } from '../../src/admission/admission.js';
import { createBooks } from '../../src/admission/books.js';
import { systemClock } from '../../src/clock.js';
import { createClient } from '../../src/protocol/client.js';
import type { Job } from '../../src/protocol/job.js';
import type { Running } from '../../src/protocol/running.js';
import { FINE } from '../../test/admission/scene.js';
import { createCore } from '../../test/metrics/core.js';
import { medianMs } from '../measure.js';
import type { BenchRow } from '../row.js';

const SLOTS = 4;
const WAITING = 1_000;
const BATCH = 1_000;
const MICROSECONDS_MAX = 50;
/** Shares no factor with the batch, so that it comes past each. */
const STRIDE = 389;

const JOB: Job = {
  id: '',
  spec: { kind: 'content', body: { html: '' } },
  timeoutMs: 30_000,
  trackingId: null,
  remoteAddress: null,
};

export async function run(): Promise<BenchRow[]> {
  const ends = createAdmissionOver(() => ({
    outcome: Promise.resolve(FINE),
    released: Promise.resolve(),
    worker: 0,
    cancel: () => {},
  }));
  const ms = await medianMs({
    alone: async () => {
      for (let i = 0; i < BATCH; i++) await ends.submit(JOB, createClient().signal);
    },
    waiting: async () => {
      await Promise.all(Array.from({ length: BATCH }, () => ends.submit(JOB, createClient().signal)));
    },
    leaving: leave,
  });
  const alone = ms.alone / BATCH;
  return [
    row('µs a session through admission, nobody waits', ms.alone / BATCH, null),
    row(`µs a session through admission, ${WAITING} wait`, ms.waiting / BATCH, alone),
    row(`µs to come, wait and leave from among ${WAITING}`, ms.leaving / WAITING, alone),
  ];
}

/** Slots that are never freed; all who wait leave, in no order. */
async function leave(): Promise<void> {
  const never = new Promise<never>(() => {});
  const stuck = createAdmissionOver(() => ({ outcome: never, released: never, worker: 0, cancel: () => {} }));
  for (let i = 0; i < SLOTS; i++) void stuck.submit({ ...JOB, timeoutMs: null }, createClient().signal);
  const clients = Array.from({ length: WAITING }, () => createClient());
  const settled = clients.map(({ signal }) => stuck.submit(JOB, signal));
  for (let i = 0; i < WAITING; i++) clients[(i * STRIDE) % WAITING]?.abort();
  await Promise.all(settled);
}

const core = createCore();

function createAdmissionOver(run: () => Running) {
  const { record, layout } = core;
  return createAdmission({
    run,
    isReady: () => true,
    isHopeless: () => false,
    books: createBooks({ record, cellOf: layout.cellOf, kinds: ['content'], clock: systemClock }),
    clock: systemClock,
    slots: SLOTS,
    queueLimit: WAITING,
    queueTimeoutMs: 30_000,
    onSettled: () => {},
  });
}

function row(claim: string, ms: number, aloneMs: number | null): BenchRow {
  const micros = ms * 1000;
  return {
    claim,
    ours: micros,
    compared: aloneMs === null ? null : { with: 'nobody waits', value: aloneMs * 1000 },
    ratio: aloneMs === null ? null : aloneMs / ms,
    target: `< ${MICROSECONDS_MAX} µs`,
    isMet: micros < MICROSECONDS_MAX,
  };
}
