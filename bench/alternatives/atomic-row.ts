/**
 * A row that any thread may add to: each word a cell of its own, written and read with Atomics. It needs no owner and
 * no lane, but Atomics know whole numbers only, eight bytes of them as BigInt, and a reader has to load every cell, and
 * still gets words of different moments. Kept to be measured against.
 */

export interface AtomicRow {
  add(word: number, value: number): void;
  /** Into float64[words]. */
  copy(into: Float64Array): void;
}

export function createAtomicRow(words: number): AtomicRow {
  const cells = new BigInt64Array(new SharedArrayBuffer(words * 8));
  return {
    add(word, value) {
      Atomics.add(cells, word, BigInt(value));
    },
    copy(into) {
      for (let word = 0; word < words; word++) into[word] = Number(Atomics.load(cells, word));
    },
  };
}
