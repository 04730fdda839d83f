/**
 * Chromium refuses a picture of a page that has not drawn yet: one in some tens on a busy machine. No client tries
 * again, so the broker does, as `../jobs/screenshot.ts` does for jobs. In: commands and answers of one session, on
 * their way. Runs in a worker thread.
 */
import type { Clock } from '../../clock.js';
import { idOf } from '../cdp/peek.js';
import type { Request } from './request.js';

export interface Captures {
  /** To be called with each command that goes to the session. */
  asked(request: Request): void;
  /** True for a refusal after which the picture is asked for again: the client must not see it. */
  isAskedAgain(answer: Buffer): boolean;
  close(): void;
}

const CAPTURE = 'Page.captureScreenshot';
const NOT_DRAWN = 'Unable to capture screenshot';
/** A refusal is short, so an answer above this is a picture and is not read. */
const REFUSAL_BYTES_MAX = 512;
const AGAIN_MS = 200;
const TIMES_MAX = 10;

/** `ask` sends a command as it was sent before. */
export function createCaptures(clock: Clock, ask: (request: Request) => void): Captures {
  const asked = new Map<number | undefined, { readonly request: Request; times: number }>();
  const waiting = new Set<() => void>();

  const askLater = (request: Request): void => {
    const cancel = clock.after(AGAIN_MS, () => {
      waiting.delete(cancel);
      ask(request);
    });
    waiting.add(cancel);
  };

  return {
    asked(request) {
      if (request.method === CAPTURE) asked.set(request.id, { request, times: 1 });
    },
    isAskedAgain(answer) {
      if (asked.size === 0) return false;
      const id = idOf(answer);
      const capture = asked.get(id);
      if (!capture) return false;
      const isEarly = answer.length <= REFUSAL_BYTES_MAX && answer.includes(NOT_DRAWN);
      if (isEarly && capture.times++ < TIMES_MAX) {
        askLater(capture.request);
        return true;
      }
      asked.delete(id);
      return false;
    },
    close() {
      for (const cancel of waiting) cancel();
      waiting.clear();
      asked.clear();
    },
  };
}
