/**
 * Bytes of every exit, in memory that all threads see: the egress thread writes, any reads, so that main can show a
 * session's bytes while it runs. A row is kept after its exit has closed, until another exit takes it.
 */

/** Exits that may be open at once, and rows. */
export const EXIT_COUNT_MAX = 4_096;

/** exitId, sentBytes, receivedBytes; 0 as its id: nobody's. */
const ROW_LENGTH = 3;

export interface UsedBytes {
  /** From the session out. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export interface Usage {
  /** Takes the row of `exitId`, whose exit before has closed. The egress thread only. */
  begin(exitId: number): void;
  /** The egress thread only; nothing when the row is another's. */
  add(exitId: number, bytes: UsedBytes): void;
  /** Any thread; null when the row is another's by now. */
  read(exitId: number): UsedBytes | null;
  /** The highest id that has a row, 0 when none has: a thread that is started anew goes on from there. */
  lastExitId(): number;
}

export function createUsage(): SharedArrayBuffer {
  return new SharedArrayBuffer(EXIT_COUNT_MAX * ROW_LENGTH * Float64Array.BYTES_PER_ELEMENT);
}

/** `buffer` is of `createUsage`. */
export function openUsage(buffer: SharedArrayBuffer): Usage {
  const numbers = new Float64Array(buffer);
  const at = (exitId: number): number => (exitId % EXIT_COUNT_MAX) * ROW_LENGTH;
  return {
    begin(exitId) {
      const row = at(exitId);
      // In this order: a reader takes bytes for an exit's only while its id is there before and after.
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
