/**
 * Counts what happened in the last five minutes; the window moves by the second. Bounded: it keeps one count a second.
 */
import type { Clock } from '../clock.js';

const SECONDS = 300;

export interface Recent {
  add(): void;
  count(): number;
}

export function createRecent(clock: Clock): Recent {
  const counts = new Uint32Array(SECONDS);
  let lastSecond = Math.floor(clock.monotonicMs() / 1_000);
  /** Empties the seconds that have passed since the last call. */
  const advance = (): number => {
    const second = Math.floor(clock.monotonicMs() / 1_000);
    for (let passed = Math.max(lastSecond + 1, second - SECONDS + 1); passed <= second; passed++) {
      counts[passed % SECONDS] = 0;
    }
    lastSecond = second;
    return second % SECONDS;
  };
  return {
    add() {
      const at = advance();
      counts[at] = (counts[at] ?? 0) + 1;
    },
    count() {
      advance();
      return counts.reduce((sum, one) => sum + one, 0);
    },
  };
}
