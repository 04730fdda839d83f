/**
 * Frames wait for their turn here: one a task, from each page in turn, so that a page that makes noise holds up itself
 * and not the others. What the browser as a whole tells comes first, as it is what makes the rest mean something.
 * Runs in a worker thread.
 *
 * One a task, because Playwright answers a frame by promises before it is ready for the next: a page's frame tree, say,
 * makes it listen for the contexts that the very next frame names. Handed on in one go, that event was lost, and every
 * wait on such a page hung until the session's limit.
 */

export interface Turns {
  /** `from`: whose turn it takes; undefined for the browser as a whole. False when it has too much waiting already. */
  add(frame: Buffer, from: string | undefined): boolean;
  /** Nothing that waits of it is handed on. */
  drop(from: string): void;
}

interface Waiting {
  /** The oldest first, from `next` on. */
  readonly frames: Buffer[];
  next: number;
  bytes: number;
}

export function createTurns({
  onFrame,
  bytesMax,
}: {
  readonly onFrame: (frame: Buffer) => void;
  /** Of one page's frames that wait. */
  readonly bytesMax: number;
}): Turns {
  const root: Buffer[] = [];
  /** In the order of their turns. */
  const pages = new Map<string, Waiting>();

  const takeOfPage = (): Buffer | undefined => {
    for (const [from, waiting] of pages) {
      const frame = waiting.frames[waiting.next++];
      pages.delete(from);
      if (frame === undefined) continue;
      waiting.bytes -= frame.length;
      // To the end of the row.
      if (waiting.next < waiting.frames.length) pages.set(from, compact(waiting));
      return frame;
    }
    return undefined;
  };

  const turn = (): void => {
    const frame = root.shift() ?? takeOfPage();
    // Those of a page that was dropped have left their turns behind.
    if (frame) onFrame(frame);
  };

  return {
    add(frame, from) {
      if (from === undefined) {
        root.push(frame);
      } else {
        const waiting = pages.get(from) ?? { frames: [], next: 0, bytes: 0 };
        if (waiting.bytes + frame.length > bytesMax && waiting.bytes > 0) return false;
        waiting.frames.push(frame);
        waiting.bytes += frame.length;
        pages.set(from, waiting);
      }
      setImmediate(turn);
      return true;
    },
    drop: (from) => void pages.delete(from),
  };
}

/** What has been handed on is let go, now and then. */
function compact(waiting: Waiting): Waiting {
  if (waiting.next >= 64) {
    waiting.frames.splice(0, waiting.next);
    waiting.next = 0;
  }
  return waiting;
}
