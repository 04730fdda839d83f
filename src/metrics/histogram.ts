/**
 * The log-linear histogram of a history row: where a run time in ms falls, and which time a quantile is. Pure functions
 * over numbers; the buckets themselves are words of a row.
 *
 * Below 32 ms a bucket is one ms wide. Above, each power of two is cut into 16, so a bucket's width is at most 1/16 of
 * its lower edge. Its middle is within 3.2 % of every value in it. Linear buckets would need 900 000 for that; powers
 * of two alone are wrong by up to a third.
 */

const SUB_BITS = 4;
const SUB_COUNT = 2 ** SUB_BITS;
/**
 * Bits of the largest value that has a bucket of its own: 2^32 ms are seven weeks. Longer ones go into the last bucket.
 */
const VALUE_BITS = 32;
const VALUE_LIMIT = 2 ** VALUE_BITS - 1;

/** float64 words of one histogram. */
export const BUCKET_COUNT = SUB_COUNT * (VALUE_BITS - SUB_BITS + 1);

/** The bucket of `valueMs`, a whole number of ms; clamped at both ends. */
export function bucketIndex(valueMs: number): number {
  const value = Math.min(Math.max(valueMs, 0), VALUE_LIMIT);
  if (value < SUB_COUNT) return value | 0;
  // clz32 sees 32 bits, so the limit is 2^32 - 1.
  const shift = 31 - Math.clz32(value) - SUB_BITS;
  return (shift + 1) * SUB_COUNT + ((value >>> shift) - SUB_COUNT);
}

/** The middle of a bucket's whole numbers, in ms. */
function bucketMiddle(index: number): number {
  if (index < SUB_COUNT) return index;
  const shift = Math.floor(index / SUB_COUNT) - 1;
  const low = (SUB_COUNT + (index % SUB_COUNT)) * 2 ** shift;
  return low + (2 ** shift - 1) / 2;
}

/**
 * The nearest-rank quantile of the histogram at `offset` of `words`, in ms, within 5 % of the true one. `count` is the
 * sum of its buckets; 0 gives 0. The result stays within the true extremes, so a single value is exact.
 */
export function quantile(
  words: Float64Array,
  at: {
    readonly offset: number;
    readonly q: number;
    readonly count: number;
    readonly min: number;
    readonly max: number;
  },
): number {
  if (at.count === 0) return 0;
  const rank = Math.max(1, Math.ceil(at.q * at.count));
  let seen = 0;
  for (let i = 0; i < BUCKET_COUNT; i++) {
    seen += words[at.offset + i] ?? 0;
    if (seen >= rank) return Math.min(Math.max(bucketMiddle(i), at.min), at.max);
  }
  return at.max;
}
