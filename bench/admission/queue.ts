/**
 * Admission: a session goes through in under 50 µs, whether it waits behind a thousand others or not, with books in the
 * real fold. A session that leaves from the middle of a queue of a thousand costs no more.
 */

import { createAdmission } from '../../src/admission/admission.js';
import { createBooks } from '../../src/admission/books.js';
import { systemClock } from '../../src/clock.js';
import { type ClientSignal, createClient } from '../../src/protocol/client.js';
import type { Run, Running, Session } from '../../src/protocol/session.js';
import { FINE } from '../../test/admission/scene.js';
import { createCore } from '../../test/metrics/core.js';
import { medianMs } from '../measure.js';
import type { BenchRow } from '../row.js';

const SLOTS = 4;
const WAITING = 1_000;
const BATCH = 1_000;
const MICROSECONDS_MAX = 50;
/** Shares no factor with the batch, so it comes past each session. */
const STRIDE = 389;

const PLACE = { kind: 'worker', index: 0 } as const;
const LIMITS = { waitMs: 30_000, runMs: 30_000 };
const SESSION: Session = { id: '', kind: 'content', client: null, trackingId: null, target: null, limits: LIMITS };
const STANDING = { phase: 'context', past: {}, status: null, exit: null, client: null } as const;
const RESOURCE = { isReady: () => true, isHopeless: () => false };

export async function run(): Promise<BenchRow[]> {
  const submit = submitTo(() => ({
    outcome: Promise.resolve(FINE),
    released: Promise.resolve(),
    place: PLACE,
    standing: () => STANDING,
    cancel: () => {},
  }));
  const ms = await medianMs({
    alone: async () => {
      for (let i = 0; i < BATCH; i++) await submit(SESSION, createClient().signal);
    },
    waiting: async () => {
      await Promise.all(Array.from({ length: BATCH }, () => submit(SESSION, createClient().signal)));
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

/** Slots are never freed; all that wait leave, in no order. */
async function leave(): Promise<void> {
  const never = new Promise<never>(() => {});
  const submit = submitTo(() => ({
    outcome: never,
    released: never,
    place: PLACE,
    standing: () => STANDING,
    cancel: () => {},
  }));
  for (let i = 0; i < SLOTS; i++)
    void submit({ ...SESSION, limits: { ...LIMITS, runMs: null } }, createClient().signal);
  const clients = Array.from({ length: WAITING }, () => createClient());
  const settled = clients.map(({ signal }) => submit(SESSION, signal));
  for (let i = 0; i < WAITING; i++) clients[(i * STRIDE) % WAITING]?.abort();
  await Promise.all(settled);
}

const core = createCore();

/** A fresh admission, as a function that takes sessions. `start` says how all sessions are run. */
function submitTo(start: () => Running) {
  const { record, layout } = core;
  const { submit } = createAdmission({
    books: createBooks({ record, cellOf: layout.cellOf, kinds: ['content'], clock: systemClock }),
    clock: systemClock,
    slots: SLOTS,
    queueLimit: WAITING,
    onSettled: () => {},
  });
  const run: Run = { resource: RESOURCE, start };
  return (session: Session, signal: ClientSignal) => submit(session, run, signal);
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
