/**
 * Our own commands that are under way. Each is answered, or fails with its session or with the pipe. Worker thread.
 */
import type { CDPSession } from 'playwright-core';
import type { Cdp } from './cdp.js';
import type { Frame } from './frame.js';

/** Ids of Playwright's commands count from 1, ours from here. Chromium takes 31 bits. */
export const OWN_IDS_FROM = 1_000_000_000;
/** Playwright's words for its own calls. */
export const CLOSED = 'Target closed';

type Method = Parameters<CDPSession['send']>[0];
export type Sender = Pick<Cdp, 'send'>;

interface Call {
  readonly sessionId: string | undefined;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

export interface Calls {
  /** For a session; without id for the browser as a whole. */
  sender(sessionId?: string): Sender;
  /** False when the frame answers no command of ours. */
  answer(frame: Frame): boolean;
  /** Fails the command with this id, when it is one of ours. */
  refuse(id: number | undefined, message: string): boolean;
  /** The session has gone, so nobody will answer. */
  abandon(sessionId: string): void;
  /** The pipe has ended. */
  end(): void;
  readonly size: number;
}

export function createCalls(send: (message: object) => void): Calls {
  const underWay = new Map<number, Call>();
  let lastId = OWN_IDS_FROM;
  let hasEnded = false;

  const fail = (id: number, { reject }: Call): void => {
    underWay.delete(id);
    reject(new Error(CLOSED));
  };

  return {
    sender: (sessionId) => ({
      send: (method: Method, params: object = {}) =>
        new Promise((resolve, reject) => {
          if (hasEnded) throw new Error(CLOSED);
          const id = ++lastId;
          underWay.set(id, { sessionId, resolve, reject });
          send({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) });
        }),
    }),
    answer({ id = 0, result, error }) {
      if (!isOwnId(id)) return false;
      const call = underWay.get(id);
      underWay.delete(id);
      if (error) call?.reject(new Error(error.message));
      else call?.resolve(result ?? unreachable());
      return true;
    },
    refuse(id = 0, message) {
      const call = underWay.get(id);
      underWay.delete(id);
      call?.reject(new Error(message));
      return call !== undefined;
    },
    abandon(sessionId) {
      for (const [id, call] of underWay) if (call.sessionId === sessionId) fail(id, call);
    },
    end() {
      hasEnded = true;
      for (const [id, call] of underWay) fail(id, call);
    },
    get size() {
      return underWay.size;
    },
  };
}

/** Whether it is the id of a command of ours. */
export function isOwnId(id: number | undefined): boolean {
  return id !== undefined && id > OWN_IDS_FROM;
}

function unreachable(): never {
  throw new Error('Chromium answered with neither a result nor an error');
}
