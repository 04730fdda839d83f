/**
 * A client's sessions with the targets in its contexts, and the session that each was attached by. Their frames go to
 * the client as they came, except for what Chromium cannot know (`corrections.ts`). In: frames of the sessions; out:
 * the same frames. Runs in a worker thread.
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

/** Commands without an answer. There may be many, because some wait for something to happen in a page. */
const UNDER_WAY_MAX = 10_000;

/** Lines that a client's pages may log in so many ms. Chromium can tell 10 000 a second, by the pipe that all share. */
const LOGGED_MAX = 20_000;
const LOGGED_WITHIN_MS = 10_000;

/** Who attached to a target: Playwright's session with the browser, the scout, the client's own, another target's. */
export type Parent = 'browser' | 'scout' | 'own' | { readonly sessionId: string };

export interface Held {
  readonly parent: Parent;
  readonly targetId: string;
  /** The client's root that was told of the session, if one was. */
  readonly rootId: string | undefined;
  underWay: number;
  readonly captures: Captures;
}

export interface Sessions {
  get(sessionId: string): Held | undefined;
  has(targetId: string): boolean;
  adopt(params: AttachedParams, by: Pick<Held, 'parent' | 'rootId'>): void;
  /** To be called with each command that goes to it. */
  asked(held: Held, request: Request): void;
  close(): void;
}

export interface SessionsOptions {
  readonly raw: RawAccess;
  readonly send: (frame: Buffer | string) => void;
  /** The exit of a target's context. */
  readonly exitOf: (contextId: string | undefined) => Exit | undefined;
  /** Called when more commands are open than may be. */
  readonly onFlood: () => void;
  /** Called when the pages log more than may be. */
  readonly onTooMuch: () => void;
  readonly clock: Clock;
}

interface Heard {
  readonly frame: Buffer;
  /** Undefined for an answer. */
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

  /** True when the frame is for the client. */
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
      // A session with a page must not tell of targets that it is not attached to.
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
