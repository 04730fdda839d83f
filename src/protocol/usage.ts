/**
 * Bytes of every exit, in memory that all threads share. The egress thread writes, all others may read, so main can
 * show a session's bytes while it runs. A row stays after its exit has closed, until another exit takes it.
 */

/** How many exits may be open at once; each has a row. */
export const EXIT_COUNT_MAX = 4_096;

/** exitId, sentBytes, receivedBytes. The id 0 means that the row is free. */
const ROW_LENGTH = 3;

export interface UsedBytes {
  /** From the session out. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export interface Usage {
  /** Takes the row for `exitId`; the exit that had it has closed. Egress thread only. */
  begin(exitId: number): void;
  /** Egress thread only. Does nothing when another exit has the row. */
  add(exitId: number, bytes: UsedBytes): void;
  /** Any thread. null when another exit has taken the row. */
  read(exitId: number): UsedBytes | null;
  /** The highest id that has a row, or 0. An egress thread that is started anew goes on from there. */
  lastExitId(): number;
}

export function createUsage(): SharedArrayBuffer {
  return new SharedArrayBuffer(EXIT_COUNT_MAX * ROW_LENGTH * Float64Array.BYTES_PER_ELEMENT);
}

/** `buffer` comes from `createUsage`. */
export function openUsage(buffer: SharedArrayBuffer): Usage {
  const numbers = new Float64Array(buffer);
  const at = (exitId: number): number => (exitId % EXIT_COUNT_MAX) * ROW_LENGTH;
  return {
    begin(exitId) {
      const row = at(exitId);
      // The id is cleared first and set last: a reader believes bytes only when the exit's id is there before and
      // after.
      numbers[row] = 0;
      numbers.fill(0, row + 1, row + ROW_LENGTH);
      numbers[row] = exitId;
    },
    add(exitId, { sentBytes, receivedBytes }) {
      const row = at(exitId);
      if (numbers[row] !== exitId) return;
      numbers[row + 1] = (numbers[row + 1] ?? 0) + sentBytes;
      numbers[row + 2] = (numbers[row + 2] ?? 0) + receivedBytes;
    },
    read(exitId) {
      const row = at(exitId);
      if (exitId < 1 || numbers[row] !== exitId) return null;
      const bytes = { sentBytes: numbers[row + 1] ?? 0, receivedBytes: numbers[row + 2] ?? 0 };
      return numbers[row] === exitId ? bytes : null;
    },
    lastExitId() {
      let last = 0;
      for (let row = 0; row < numbers.length; row += ROW_LENGTH) last = Math.max(last, numbers[row] ?? 0);
      return last;
    },
  };
}
