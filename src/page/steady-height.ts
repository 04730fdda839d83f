/**
 * The height of what changes each second: it grows at once and shrinks only after a while, so that what is below does
 * not go up and down while somebody reads it.
 */

/** Changes, of which there is one a second. */
const HELD_CHANGES = 10;

/** Gives what is to be called after each change. */
export function createSteadyHeight(box: HTMLElement): () => void {
  let heightsPx: readonly number[] = [];
  return () => {
    box.style.minBlockSize = '';
    heightsPx = [...heightsPx, box.offsetHeight].slice(-HELD_CHANGES);
    box.style.minBlockSize = `${Math.max(...heightsPx)}px`;
  };
}
