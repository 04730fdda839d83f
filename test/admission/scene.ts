/**
 * Admission over a clock and a pool that a test moves by hand, with real books over a table instead of a fold.
 */

import { type Admission, createAdmission, type SettledSession } from '../../src/admission/admission.js';
import { createBooks } from '../../src/admission/books.js';
import { createClient } from '../../src/protocol/client.js';
import type { Job, Outcome } from '../../src/protocol/job.js';
import type { Settled } from '../../src/protocol/running.js';
import { createTimedClock, type TimedClock } from './timed-clock.js';

export interface Started {
  readonly job: Job;
  /** Times that it was told to end. */
  cancels: number;
  finish(outcome: Outcome): Promise<void>;
  release(): Promise<void>;
}

export interface Sent {
  readonly settled: Promise<Settled>;
  /** The client goes. */
  leave(): void;
  /** `ok`, a code, or null while it is unsettled. */
  outcome(): string | null;
  /** Times that it was settled. */
  readonly count: () => number;
  readonly queueMs: () => number | null;
}

export interface Scene {
  readonly admission: Admission;
  readonly clock: TimedClock;
  /** What the pool was given, in order. */
  readonly started: Started[];
  readonly told: SettledSession[];
  /** What the pool says of itself. */
  readonly pool: { isReady: boolean; isHopeless: boolean };
  send(id: string, options?: { timeoutMs?: number | null; trackingId?: string; hasLeft?: boolean }): Sent;
  /** Sum of the counter of this name, of the labelsets that hold `label`. */
  sum(name: string, label?: string): number;
}

export const FINE: Outcome = {
  isOk: true,
  body: new Uint8Array(0),
  contentType: 'text/plain',
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
  const admission = createAdmission({
    slots: options.slots,
    queueLimit: options.queueLimit ?? 10,
    queueTimeoutMs: options.queueTimeoutMs ?? null,
    clock,
    books: createBooks({ ...counters, kinds: ['content'], clock }),
    isReady: () => pool.isReady,
    isHopeless: () => pool.isHopeless,
    onSettled: (session) => told.push(session),
    run(job) {
      const { one, outcome, released } = startedOf(job);
      started.push(one);
      return { outcome, released, worker: 0, cancel: () => void one.cancels++ };
    },
  });
  return { admission, clock, started, told, pool, sum: counters.sum, send: (id, sent) => send(admission, id, sent) };
}

/** All promises that can go on have gone on. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function startedOf(job: Job) {
  let finish = (_outcome: Outcome): void => {};
  let release = (): void => {};
  const outcome = new Promise<Outcome>((resolve) => (finish = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  const one: Started = {
    job,
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

function send(admission: Admission, id: string, options: Parameters<Scene['send']>[1] = {}): Sent {
  const client = createClient();
  const { timeoutMs = null, trackingId = null } = options;
  const spec = { kind: 'content', body: { html: id } } as const;
  let last: Settled | null = null;
  let count = 0;
  if (options.hasLeft) client.abort();
  const settled = admission.submit({ id, spec, timeoutMs, trackingId, remoteAddress: null }, client.signal);
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

/** In the place of layout and fold: a slot a labelset, and the sum of what was recorded there. */
function createCounters() {
  const names: string[] = [];
  const sums: number[] = [];
  return {
    cellOf(name: string, ...labels: readonly string[]): number {
      sums.push(0);
      return names.push(`${name} ${labels.join(' ')}`) - 1;
    },
    record(slot: number, value: number): void {
      sums[slot] = (sums[slot] ?? 0) + value;
    },
    sum(name: string, label = ''): number {
      return names.reduce((sum, one, i) => {
        const [own, ...labels] = one.split(' ');
        return own === name && (label === '' || labels.includes(label)) ? sum + (sums[i] ?? 0) : sum;
      }, 0);
    },
  };
}
