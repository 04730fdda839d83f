/**
 * Keeps the height of a part that changes each second. It grows at once and shrinks only after a while, so that the
 * parts below do not move while somebody reads them.
 */

/** A part shrinks after so many changes, one a second. */
const HELD_CHANGES = 10;

/** The returned function is to be called after each change. */
export function createSteadyHeight(box: HTMLElement): () => void {
  let heightsPx: readonly number[] = [];
  return () => {
    box.style.minBlockSize = '';
    heightsPx = [...heightsPx, box.offsetHeight].slice(-HELD_CHANGES);
    box.style.minBlockSize = `${Math.max(...heightsPx)}px`;
  };
}
