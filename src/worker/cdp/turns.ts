/**
 * Frames wait for their turn here: one a task, from each page in turn. So a page that makes noise holds up itself and
 * not the others. What the browser as a whole tells comes first, because it gives the rest its meaning. Runs in a
 * worker thread.
 *
 * One a task, because Playwright answers a frame by promises before it is ready for the next. For example a page's
 * frame tree makes it listen for the contexts that the very next frame names. When both were handed on in one go, that
 * event was lost, and every wait on such a page hung until the session's limit.
 */

export interface Turns {
  /**
   * `from`: whose turn the frame waits for; undefined: the browser as a whole. False when too much waits there already.
   */
  add(frame: Buffer, from: string | undefined): boolean;
  /** Drops all frames of it that wait. */
  drop(from: string): void;
}

interface Waiting {
  /** The oldest is first; those before `next` have been handed on. */
  readonly frames: Buffer[];
  next: number;
  bytes: number;
}

export function createTurns({
  onFrame,
  bytesMax,
}: {
  readonly onFrame: (frame: Buffer) => void;
  /** Of the frames of one page that wait. */
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
      // The page goes to the end of the row.
      if (waiting.next < waiting.frames.length) pages.set(from, compact(waiting));
      return frame;
    }
    return undefined;
  };

  const turn = (): void => {
    const frame = root.shift() ?? takeOfPage();
    // A page that was dropped has left its turns behind.
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

/** Frees, now and then, the frames that were handed on. */
function compact(waiting: Waiting): Waiting {
  if (waiting.next >= 64) {
    waiting.frames.splice(0, waiting.next);
    waiting.next = 0;
  }
  return waiting;
}
