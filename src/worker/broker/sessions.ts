/**
 * A client's sessions with what is in its contexts: which there are, under which each was attached to, and their
 * frames, which go to the client as they came, but for what Chromium cannot know (`corrections.ts`). In: frames of its
 * sessions; out: the same. Runs in a worker thread.
 */
import type { Clock } from '../../clock.js';
import type { RawAccess } from '../cdp/connection.js';
import type { AttachedParams } from '../cdp/frame.js';
import { isLogged } from '../cdp/needs.js';
import { methodOf } from '../cdp/peek.js';
import type { Exit } from '../egress.js';
import { type Captures, createCaptures } from './captures.js';
import { createCorrections } from './corrections.js';
import type { Request } from './request.js';

/** Commands that have not been answered: many wait for what a page may come to. */
const UNDER_WAY_MAX = 10_000;

/** Lines that its pages may log in so many ms: Chromium can tell up to 10 000 a second, by the one pipe of all. */
const LOGGED_MAX = 20_000;
const LOGGED_WITHIN_MS = 10_000;

/** Under which it was attached to: the session that Playwright has with the browser, the scout's, the client's own. */
export type Parent = 'browser' | 'scout' | 'own' | { readonly sessionId: string };

export interface Held {
  readonly parent: Parent;
  readonly targetId: string;
  /** The client's root that was told, for those that were attached to under one. */
  readonly rootId: string | undefined;
  underWay: number;
  readonly captures: Captures;
}

export interface Sessions {
  get(sessionId: string): Held | undefined;
  has(targetId: string): boolean;
  adopt(params: AttachedParams, by: Pick<Held, 'parent' | 'rootId'>): void;
  /** A command goes to it. */
  asked(held: Held, request: Request): void;
  close(): void;
}

export interface SessionsOptions {
  readonly raw: RawAccess;
  readonly send: (frame: Buffer | string) => void;
  /** By which a context leaves; of `targetInfo`. */
  readonly exitOf: (contextId: string | undefined) => Exit | undefined;
  /** The client asks for more than can be answered. */
  readonly onFlood: () => void;
  /** A page has told more than can be taken. */
  readonly onTooMuch: () => void;
  readonly clock: Clock;
}

interface Heard {
  readonly frame: Buffer;
  /** Of an answer, none. */
  readonly method: string | undefined;
}

export function createSessions({ raw, send, exitOf, onFlood, onTooMuch, clock }: SessionsOptions): Sessions {
  const held = new Map<string, Held>();
  const corrections = createCorrections();
  const askAgain = (request: Request): void => raw.write(JSON.stringify(request));
  const logged = { lines: 0, sinceMs: 0 };
  let underWay = 0;

  const log = (): void => {
    const nowMs = clock.monotonicMs();
    if (nowMs - logged.sinceMs > LOGGED_WITHIN_MS) Object.assign(logged, { lines: 0, sinceMs: nowMs });
    if (++logged.lines === LOGGED_MAX) onTooMuch();
  };

  const forget = (sessionId: string): void => {
    const gone = held.get(sessionId);
    underWay -= gone?.underWay ?? 0;
    gone?.captures.close();
    held.delete(sessionId);
    raw.ignore(sessionId);
    for (const [inner, { parent }] of held) {
      if (typeof parent === 'object' && parent.sessionId === sessionId) forget(inner);
    }
  };

  /** True when it is for the client. */
  const hear = (of: Held, sessionId: string, { frame, method }: Heard): boolean => {
    if (method === undefined) {
      of.underWay--;
      underWay--;
    } else if (method === 'Target.attachedToTarget') {
      adopt(JSON.parse(frame.toString('utf8')).params, { parent: { sessionId }, rootId: undefined });
    } else if (method === 'Target.detachedFromTarget') {
      forget(JSON.parse(frame.toString('utf8')).params.sessionId);
    } else if (isLogged(method)) {
      log();
    } else {
      // Of other targets than those that it is attached to, a session with a page must tell nothing.
      return !method.startsWith('Target.');
    }
    return true;
  };

  const adopt: Sessions['adopt'] = ({ sessionId, targetInfo }, by) => {
    const own: Held = { ...by, targetId: targetInfo.targetId, underWay: 0, captures: createCaptures(clock, askAgain) };
    held.set(sessionId, own);
    raw.listen(sessionId, {
      frame(frame) {
        const method = methodOf(frame);
        if (method === undefined && own.captures.isAskedAgain(frame)) return;
        if (!hear(own, sessionId, { frame, method })) return;
        send(corrections.corrected(frame, method, exitOf(targetInfo.browserContextId)));
      },
      giant(id) {
        if (id === undefined) return onTooMuch();
        const error = { code: -32000, message: 'headcount: the answer is larger than can be taken' };
        send(JSON.stringify({ id, error, sessionId }));
      },
      detached(frame) {
        forget(sessionId);
        send(by.rootId === undefined ? frame : JSON.stringify({ ...parsed(frame), sessionId: by.rootId }));
      },
    });
  };

  return {
    get: (sessionId) => held.get(sessionId),
    has: (targetId) => [...held.values()].some((one) => one.targetId === targetId),
    adopt,
    asked(of, request) {
      corrections.asked(request);
      of.captures.asked(request);
      of.underWay++;
      if (++underWay > UNDER_WAY_MAX) onFlood();
    },
    close() {
      for (const sessionId of held.keys()) forget(sessionId);
    },
  };
}

function parsed(frame: Buffer): object {
  return JSON.parse(frame.toString('utf8'));
}
