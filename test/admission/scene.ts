/**
 * Admission over a clock and a pool that the test moves by hand. Its books are real; a table takes the place of the
 * fold.
 */

import * as assert from 'uvu/assert';
import { type Admission, createAdmission } from '../../src/admission/admission.js';
import { createBooks } from '../../src/admission/books.js';
import type { SettledSession } from '../../src/admission/floor.js';
import { type Client, createClient } from '../../src/protocol/client.js';
import type { Outcome } from '../../src/protocol/job.js';
import type { Resource, Running, Session, Settled } from '../../src/protocol/session.js';
import { createTimedClock, type TimedClock } from './timed-clock.js';

export interface Started {
  readonly id: string;
  /** How often it was told to end. */
  cancels: number;
  finish(outcome: Outcome): Promise<void>;
  release(): Promise<void>;
}

export interface Sent {
  readonly settled: Promise<Settled>;
  /** The client leaves. */
  leave(): void;
  /** `ok`, a code, or null while it is unsettled. */
  outcome(): string | null;
  /** How often it was settled. */
  readonly count: () => number;
  readonly queueMs: () => number | null;
}

export interface Scene {
  readonly admission: Admission;
  readonly clock: TimedClock;
  /** What was started, in order. */
  readonly started: Started[];
  readonly told: SettledSession[];
  /** The resource that sessions need, as the test sets it. */
  readonly pool: Needed;
  /** Another resource. */
  readonly other: Needed;
  send(id: string, options?: SendOptions): Sent;
  /** Sum of the counter of this name over the labelsets with `label`. */
  sum(name: string, label?: string): number;
}

interface Needed {
  isReady: boolean;
  isHopeless: boolean;
}

interface SendOptions {
  readonly timeoutMs?: number | null;
  readonly trackingId?: string;
  readonly hasLeft?: boolean;
  readonly needs?: 'pool' | 'other';
}

export const FINE: Outcome = {
  isOk: true,
  product: { body: new Uint8Array(0), contentType: 'text/plain' },
  answer: null,
  phases: { context: 0, navigate: 0, run: 0 },
};

export function createScene(options: {
  readonly slots: number;
  readonly queueLimit?: number;
  readonly queueTimeoutMs?: number | null;
}): Scene {
  const clock = createTimedClock();
  const counters = createCounters();
  const started: Started[] = [];
  const told: SettledSession[] = [];
  const pool = { isReady: true, isHopeless: false };
  const other = { isReady: true, isHopeless: false };
  const resources = { pool: resourceOf(pool), other: resourceOf(other) };
  const waitMs = options.queueTimeoutMs ?? null;
  const admission = createAdmission({
    slots: options.slots,
    queueLimit: options.queueLimit ?? 10,
    clock,
    books: createBooks({ ...counters, kinds: ['content'], clock }),
    onSettled: (session) => told.push(session),
  });
  const send: Scene['send'] = (id, { timeoutMs = null, trackingId = null, hasLeft = false, needs = 'pool' } = {}) => {
    const client = createClient();
    if (hasLeft) client.abort();
    const limits = { waitMs, runMs: timeoutMs };
    const start = (): Running => {
      const { one, outcome, released } = startedOf(id);
      started.push(one);
      const standing = { phase: 'context', past: {}, status: null, exit: null, client: null } as const;
      const place = { kind: 'worker', index: 0 } as const;
      return { outcome, released, place, standing: () => standing, cancel: () => void one.cancels++ };
    };
    const session: Session = { id, kind: 'content', client: null, trackingId, target: null, limits };
    return sentOf(admission.submit(session, { resource: resources[needs], start }, client.signal), client);
  };
  return { admission, clock, started, told, pool, other, sum: counters.sum, send };
}

function resourceOf(needed: Needed): Resource {
  return { isReady: () => needed.isReady, isHopeless: () => needed.isHopeless };
}

/** requested = started + rejected + waiting; started = settled + active. */
export function checkBooks({ sum, admission }: Scene): void {
  const requested = sum('headcount_sessions_requested_total');
  const started = sum('headcount_sessions_started_total');
  const settled = sum('headcount_sessions_total');
  assert.is(requested, started + sum('headcount_requests_rejected_total') + admission.queueLength());
  assert.is(started, settled + admission.active().length);
}

export function codes(sent: readonly Sent[]): (string | null)[] {
  return sent.map((one) => one.outcome());
}

/** Lets all promises go on that can. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function startedOf(id: string) {
  let finish = (_outcome: Outcome): void => {};
  let release = (): void => {};
  const outcome = new Promise<Outcome>((resolve) => (finish = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  const one: Started = {
    id,
    cancels: 0,
    async finish(value) {
      finish(value);
      await turn();
    },
    async release() {
      release();
      await turn();
    },
  };
  return { one, outcome, released };
}

function sentOf(settled: Promise<Settled>, client: Client): Sent {
  let last: Settled | null = null;
  let count = 0;
  void settled.then((value) => {
    last = value;
    count++;
  });
  return {
    settled,
    leave: () => client.abort(),
    outcome: () => (last === null ? null : last.outcome.isOk ? 'ok' : last.outcome.code),
    count: () => count,
    queueMs: () => last?.queueMs ?? null,
  };
}

/** Takes the place of layout and fold: one cell for each labelset, with the sum of what was recorded there. */
function createCounters() {
  const names: string[] = [];
  const sums: number[] = [];
  return {
    cellOf(name: string, ...labels: readonly string[]): number {
      sums.push(0);
      return names.push(`${name} ${labels.join(' ')}`) - 1;
    },
    record(cell: number, value: number): void {
      sums[cell] = (sums[cell] ?? 0) + value;
    },
    sum(name: string, label = ''): number {
      return names.reduce((sum, one, i) => {
        const [own, ...labels] = one.split(' ');
        return own === name && (label === '' || labels.includes(label)) ? sum + (sums[i] ?? 0) : sum;
      }, 0);
    },
  };
}
