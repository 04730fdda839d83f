/**
 * What comes from the browser, on its way to its receivers. What nobody needs is dropped unread, and each page has its
 * turn. In: frames as bytes; out: frames, one a task. Runs in a worker thread.
 */
import type { Frame } from './frame.js';
import { isLogged, isNobodys } from './needs.js';
import { methodOf, sessionIdOf, subjectOf } from './peek.js';
import { createTurns } from './turns.js';

/** The most that waits for the turns of one page. */
const WAITING_BYTES_MAX = 64 * 2 ** 20;
/** Lines that one page may log. Chromium may send each line, 5 to 10 000 a second, even when nobody listens. */
const LOGGED_MAX = 20_000;

export interface IncomingOptions {
  /** Takes a frame as it comes, before it is judged or waits. False when nobody wanted it so. */
  readonly take: (frame: Buffer, sessionId: string | undefined) => boolean;
  /** Whether somebody needs this event of a session. */
  readonly isWanted: (frame: Buffer, method: string, sessionId: string) => boolean;
  readonly onFrame: (frame: Frame) => void;
  /** A page tells more than can be taken. Called once for each page and reason. */
  readonly onTooMuch: (sessionId: string, why: string) => void;
}

export interface Incoming {
  add(frame: Buffer): void;
  /** The session of a page has gone, with the sessions of what is in the page. */
  forget(sessionId: string): void;
}

export function createIncoming({ take, isWanted, onFrame, onTooMuch }: IncomingOptions): Incoming {
  /** The session of the page, for each session of something in a page: frames of other sites, workers. */
  const pageOf = new Map<string, string>();
  /** How many lines each page has logged. */
  const logged = new Map<string, number>();
  const log = (page: string): void => {
    const lines = (logged.get(page) ?? 0) + 1;
    logged.set(page, lines);
    if (lines === LOGGED_MAX) onTooMuch(page, `the page logs more than ${LOGGED_MAX} lines`);
  };

  const turns = createTurns({
    bytesMax: WAITING_BYTES_MAX,
    onFrame(bytes) {
      try {
        const frame: unknown = JSON.parse(bytes.toString('utf8'));
        if (isObject(frame)) onFrame(frame);
      } catch (error) {
        const sessionId = sessionIdOf(bytes);
        // If no page has caused it, it is a bug of ours or of Playwright's.
        if (sessionId === undefined) throw error;
        onTooMuch(pageOf.get(sessionId) ?? sessionId, 'the page told something that cannot be read');
      }
    },
  });

  return {
    add(frame) {
      const sessionId = sessionIdOf(frame);
      if (take(frame, sessionId)) return;
      if (sessionId === undefined) return void turns.add(frame, undefined);
      const page = pageOf.get(sessionId) ?? sessionId;
      const method = methodOf(frame);
      if (method !== undefined) {
        if (isLogged(method)) log(page);
        if (isNobodys(frame) || !isWanted(frame, method, sessionId)) return;
        if (method === 'Target.attachedToTarget') pageOf.set(subjectOf(frame, method) ?? '', page);
        else if (method === 'Target.detachedFromTarget') pageOf.delete(subjectOf(frame, method) ?? '');
      }
      if (turns.add(frame, page)) return;
      turns.drop(page);
      onTooMuch(page, 'the page tells more than can be taken');
    },
    forget(sessionId) {
      turns.drop(sessionId);
      logged.delete(sessionId);
      for (const [inner, page] of pageOf) if (page === sessionId) pageOf.delete(inner);
    },
  };
}

/** Anything else is no frame, and belongs to nobody. */
function isObject(value: unknown): value is Frame {
  return typeof value === 'object' && value !== null;
}
