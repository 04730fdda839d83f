/**
 * Which name somebody meant who wrote another. Pure.
 */

/** A name counts as a slip when at most one in this many of its letters is wrong. */
const LETTERS_A_SLIP = 3;
/** Nobody mistypes a longer one, and comparing it would take long. */
const LETTERS_MAX = 64;

/** The one of `names` that was probably meant by `written`; undefined: none. */
export function nearest(written: string, names: readonly string[]): string | undefined {
  if (written.length > LETTERS_MAX) return undefined;
  const distances = names.map((name) => ({ name, distance: distanceOf(written, name) }));
  const [first] = distances.sort((a, b) => a.distance - b.distance);
  return first && first.distance * LETTERS_A_SLIP <= written.length ? first.name : undefined;
}

/** How many letters must be inserted, removed, replaced or swapped with the next. */
function distanceOf(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  let before: number[] = [];
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i] === to[j - 1] ? 0 : 1);
      const isSwapped = i > 0 && j > 1 && from[i] === to[j - 2] && from[i - 1] === to[j - 1];
      const swapped = isSwapped ? (before[j - 2] ?? 0) + 1 : replaced;
      next[j] = Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
