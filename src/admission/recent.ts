/**
 * What became of sessions in the last minutes, sliding by the second: how many ended in which way, or were refused and
 * why. Bounded: a count for each second, kind and way. Main thread.
 */
import type { Clock } from '../clock.js';
import {
  REJECTION_REASONS,
  type RejectionReason,
  SESSION_FAILURE_REASONS,
  type SessionFailureReason,
} from '../failures.js';
import type { SessionKind } from '../protocol/jobs/jobs.js';

/** `/pressure` counts this far back, and the live page compares as much with as much before. */
const SPAN_S = 300;
const MINUTE_S = 60;
const SECONDS = 2 * SPAN_S;

const WAYS = ['successful', ...SESSION_FAILURE_REASONS, ...REJECTION_REASONS] as const;
export type Way = (typeof WAYS)[number];

/** Of a stretch of time. Reasons of which there was none are left out. */
export interface Ended {
  /** Less than asked for when the server has not been up for as long. */
  readonly spanMs: number;
  readonly successful: number;
  readonly failures: Readonly<Partial<Record<SessionFailureReason, number>>>;
  readonly refusals: Readonly<Partial<Record<RejectionReason, number>>>;
}

export interface RecentView {
  readonly lastMinute: Ended;
  readonly last5Minutes: Ended;
  /** The five minutes before those. */
  readonly before: Ended;
  /** The last five minutes by kind of session, those kinds that there were. */
  readonly kinds: Readonly<Partial<Record<SessionKind, Ended>>>;
}

export interface Recent {
  add(kind: SessionKind, way: Way): void;
  /** Of all kinds, within the last five minutes. */
  count(way: Way): number;
  view(): RecentView;
}

export function createRecent(clock: Clock, kinds: readonly SessionKind[]): Recent {
  const cellCount = kinds.length * WAYS.length;
  /** By second, within it by kind, and within that by way. */
  const counts = new Uint32Array(SECONDS * cellCount);
  const bornAtMs = clock.monotonicMs();
  let lastSecond = Math.floor(bornAtMs / 1_000);

  /** Empties the seconds that have passed since. */
  const advance = (): void => {
    const second = Math.floor(clock.monotonicMs() / 1_000);
    for (let passed = Math.max(lastSecond + 1, second - SECONDS + 1); passed <= second; passed++) {
      const at = (passed % SECONDS) * cellCount;
      counts.fill(0, at, at + cellCount);
    }
    lastSecond = second;
  };
  /** By kind and way, in so many seconds, the last of which was `agoS` ago. */
  const sums = (spanS: number, agoS = 0): Float64Array => {
    const found = new Float64Array(cellCount);
    const end = lastSecond - agoS;
    for (let second = end; second > end - spanS; second--) {
      const at = (second % SECONDS) * cellCount;
      for (let cell = 0; cell < cellCount; cell++) found[cell] = (found[cell] ?? 0) + (counts[at + cell] ?? 0);
    }
    return found;
  };
  const spanMs = (spanS: number, agoS = 0): number => {
    const upMs = clock.monotonicMs() - bornAtMs - agoS * 1_000;
    return Math.round(Math.min(Math.max(upMs, 0), spanS * 1_000));
  };

  return {
    add(kind, way) {
      advance();
      const cell = (lastSecond % SECONDS) * cellCount + kinds.indexOf(kind) * WAYS.length + WAYS.indexOf(way);
      counts[cell] = (counts[cell] ?? 0) + 1;
    },
    count(way) {
      advance();
      const [at, end] = [WAYS.indexOf(way), lastSecond - SPAN_S];
      let count = 0;
      for (let second = lastSecond; second > end; second--) {
        const from = (second % SECONDS) * cellCount + at;
        for (let cell = from; cell < from + cellCount; cell += WAYS.length) count += counts[cell] ?? 0;
      }
      return count;
    },
    view() {
      advance();
      const last = sums(SPAN_S);
      const ofKind = (index: number) => last.subarray(index * WAYS.length, (index + 1) * WAYS.length);
      const seen = kinds.map((kind, index) => ({ kind, sums: ofKind(index) })).filter((one) => one.sums.some(Boolean));
      return {
        lastMinute: endedOf(sums(MINUTE_S), spanMs(MINUTE_S)),
        last5Minutes: endedOf(last, spanMs(SPAN_S)),
        before: endedOf(sums(SPAN_S, SPAN_S), spanMs(SPAN_S, SPAN_S)),
        kinds: Object.fromEntries(seen.map((one) => [one.kind, endedOf(one.sums, spanMs(SPAN_S))])),
      };
    },
  };
}

/** `sums` by way, of one kind after the other. */
function endedOf(sums: Float64Array, spanMs: number): Ended {
  const countOf = (way: Way): number => {
    let count = 0;
    for (let cell = WAYS.indexOf(way); cell < sums.length; cell += WAYS.length) count += sums[cell] ?? 0;
    return count;
  };
  const some = <W extends Way>(ways: readonly W[]): Partial<Record<W, number>> => {
    const found: Partial<Record<W, number>> = {};
    for (const way of ways) {
      const count = countOf(way);
      if (count > 0) found[way] = count;
    }
    return found;
  };
  return {
    spanMs,
    successful: countOf('successful'),
    failures: some(SESSION_FAILURE_REASONS),
    refusals: some(REJECTION_REASONS),
  };
}
