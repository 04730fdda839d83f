/**
 * What comes from the browser, on its way to whoever it is for: what nobody needs is let go unread, and each page has
 * its turn. In: frames as bytes; out: frames, one a task. Runs in a worker thread.
 */
import type { Frame } from './frame.js';
import { isNobodys } from './needs.js';
import { methodOf, sessionIdOf, subjectOf } from './peek.js';
import { createTurns } from './turns.js';

/** Of one page, waiting for its turns. */
const WAITING_BYTES_MAX = 64 * 2 ** 20;

export interface IncomingOptions {
  /** Whether somebody needs this event of a session. */
  readonly isWanted: (frame: Buffer, method: string, sessionId: string) => boolean;
  readonly onFrame: (frame: Frame) => void;
  /** Of a page: too much waits of it, or it has told what cannot be read. */
  readonly onTooMuch: (sessionId: string) => void;
}

export interface Incoming {
  add(frame: Buffer): void;
  /** The session of a page has gone, and those with what is in it. */
  forget(sessionId: string): void;
}

export function createIncoming({ isWanted, onFrame, onTooMuch }: IncomingOptions): Incoming {
  /** The page's session, by the sessions with what is in a page: frames of other sites, workers. */
  const pageOf = new Map<string, string>();

  const turns = createTurns({
    bytesMax: WAITING_BYTES_MAX,
    onFrame(bytes) {
      try {
        const frame: unknown = JSON.parse(bytes.toString('utf8'));
        if (isObject(frame)) onFrame(frame);
      } catch (error) {
        const sessionId = sessionIdOf(bytes);
        // A bug of ours or of Playwright's, if it is not a page's doing.
        if (sessionId === undefined) throw error;
        onTooMuch(pageOf.get(sessionId) ?? sessionId);
      }
    },
  });

  return {
    add(frame) {
      const sessionId = sessionIdOf(frame);
      if (sessionId === undefined) return void turns.add(frame, undefined);
      const page = pageOf.get(sessionId) ?? sessionId;
      const method = methodOf(frame);
      if (method !== undefined) {
        if (isNobodys(frame) || !isWanted(frame, method, sessionId)) return;
        if (method === 'Target.attachedToTarget') pageOf.set(subjectOf(frame, method) ?? '', page);
        else if (method === 'Target.detachedFromTarget') pageOf.delete(subjectOf(frame, method) ?? '');
      }
      if (turns.add(frame, page)) return;
      turns.drop(page);
      onTooMuch(page);
    },
    forget(sessionId) {
      turns.drop(sessionId);
      for (const [inner, page] of pageOf) if (page === sessionId) pageOf.delete(inner);
    },
  };
}

/** Anything else is no frame, and nobody's. */
function isObject(value: unknown): value is Frame {
  return typeof value === 'object' && value !== null;
}
