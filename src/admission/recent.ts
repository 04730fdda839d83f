/**
 * What became of sessions in the last minutes, sliding by the second: how many ended in which way, or were refused and
 * why. Bounded: a count for each second and way. Main thread.
 */
import type { Clock } from '../clock.js';
import {
  REJECTION_REASONS,
  type RejectionReason,
  SESSION_FAILURE_REASONS,
  type SessionFailureReason,
} from '../failures.js';

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
}

export interface Recent {
  add(way: Way): void;
  /** Within the last five minutes. */
  count(way: Way): number;
  view(): RecentView;
}

export function createRecent(clock: Clock): Recent {
  /** By second, and within it by way. */
  const counts = new Uint32Array(SECONDS * WAYS.length);
  const indexes = new Map<Way, number>(WAYS.map((way, index) => [way, index]));
  const bornAtMs = clock.monotonicMs();
  let lastSecond = Math.floor(bornAtMs / 1_000);

  /** Empties the seconds that have passed since. */
  const advance = (): void => {
    const second = Math.floor(clock.monotonicMs() / 1_000);
    for (let passed = Math.max(lastSecond + 1, second - SECONDS + 1); passed <= second; passed++) {
      const at = (passed % SECONDS) * WAYS.length;
      counts.fill(0, at, at + WAYS.length);
    }
    lastSecond = second;
  };
  const cellOf = (second: number, way: Way): number => (second % SECONDS) * WAYS.length + (indexes.get(way) ?? 0);
  /** In so many seconds, the last of which was `agoS` ago. */
  const sum = (way: Way, spanS: number, agoS: number): number => {
    let count = 0;
    const end = lastSecond - agoS;
    for (let second = end; second > end - spanS; second--) count += counts[cellOf(second, way)] ?? 0;
    return count;
  };
  const ended = (spanS: number, agoS = 0): Ended => {
    const upMs = clock.monotonicMs() - bornAtMs - agoS * 1_000;
    const some = <W extends Way>(ways: readonly W[]): Partial<Record<W, number>> => {
      const found: Partial<Record<W, number>> = {};
      for (const way of ways) {
        const count = sum(way, spanS, agoS);
        if (count > 0) found[way] = count;
      }
      return found;
    };
    return {
      spanMs: Math.round(Math.min(Math.max(upMs, 0), spanS * 1_000)),
      successful: sum('successful', spanS, agoS),
      failures: some(SESSION_FAILURE_REASONS),
      refusals: some(REJECTION_REASONS),
    };
  };

  return {
    add(way) {
      advance();
      const cell = cellOf(lastSecond, way);
      counts[cell] = (counts[cell] ?? 0) + 1;
    },
    count(way) {
      advance();
      return sum(way, SPAN_S, 0);
    },
    view() {
      advance();
      return { lastMinute: ended(MINUTE_S), last5Minutes: ended(SPAN_S), before: ended(SPAN_S, SPAN_S) };
    },
  };
}
