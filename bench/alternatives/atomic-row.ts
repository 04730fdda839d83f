/**
 * A row to which any thread may add: each word is a cell of its own, written and read with Atomics. It needs no owner
 * and no lane. But Atomics know whole numbers only, eight bytes of them as BigInt. And a reader has to load every cell,
 * and still gets words of different moments. Kept for comparison.
 */

export interface AtomicRow {
  add(word: number, value: number): void;
  /** Copies into float64[words]. */
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
