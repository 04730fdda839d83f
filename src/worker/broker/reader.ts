/**
 * Reads each frame from a client, judges it, and writes it anew for Chromium or has it carried out. A frame that cannot
 * be read ends its client, and nobody else. Runs in a worker thread.
 */
import type { Connection } from '../cdp/connection.js';
import { COMMANDS, NotAllowed, type Principal } from './commands.js';
import { judge, type Params, type Rights } from './methods.js';
import { CLOSE, failed, type Peer } from './peer.js';
import { type Request, readRequest } from './request.js';
import type { Roots } from './roots.js';
import type { Held, Sessions } from './sessions.js';

/** The second half is for the one mistake that is easy to make. */
const NO_COMMAND = 'a frame of the client is no command of CDP; with Playwright, use chromium.connectOverCDP';
/** Commands that the broker may be carrying out for one client at once. */
const UNDER_WAY_MAX = 10_000;
/** Above so many bytes that Chromium has not read yet, a client that sends more is not read from. */
const BACKLOG_BYTES_MAX = 8 * 2 ** 20;

export interface ReaderOptions {
  readonly peer: Peer;
  readonly connection: Connection;
  readonly sessions: Sessions;
  readonly roots: Roots;
  readonly principal: Principal;
  readonly rights: Rights;
  /** Called with the method of each command that is refused. */
  readonly onRefused: (method: string) => void;
}

export interface Reader {
  /** Never throws. */
  read(frame: Buffer): void;
  close(): void;
}

export function createReader(options: ReaderOptions): Reader {
  const { peer, connection, sessions, roots, principal, rights, onRefused } = options;
  const { raw } = connection;
  let underWay = 0;
  let stopWaiting: (() => void) | null = null;

  const answer = ({ id, sessionId }: Request, said: object): void =>
    peer.send(JSON.stringify({ id, ...said, sessionId }));
  const refuse = (request: Request, message: string, code = -32000): void =>
    answer(request, { error: { code, message } });

  const carryOut = async (request: Request, params: Params, held: Held | undefined): Promise<void> => {
    const { method, sessionId } = request;
    if (++underWay > UNDER_WAY_MAX) {
      return peer.end(CLOSE.policy, failed('SESSION_FAILED', 'more commands than can be answered', 'policy'));
    }
    try {
      const result = await COMMANDS[method]?.(principal, params, { root: roots.get(sessionId), sessionId, held });
      answer(request, { result: result ?? {} });
    } catch (error) {
      if (error instanceof NotAllowed) onRefused(method);
      refuse(request, error instanceof Error ? error.message : String(error));
    } finally {
      underWay--;
    }
  };

  const pass = (request: Request, params: Params, held: Held): void => {
    const { id, method, sessionId } = request;
    sessions.asked(held, request);
    raw.write(JSON.stringify({ id, method, params, sessionId }));
    if (raw.backlogBytes() <= BACKLOG_BYTES_MAX || stopWaiting) return;
    peer.pause();
    stopWaiting = raw.drained.on(() => {
      stopWaiting?.();
      stopWaiting = null;
      peer.resume();
    });
  };

  const take = (request: Request): void => {
    const { method, params, sessionId } = request;
    const isRoot = roots.get(sessionId) !== undefined;
    const held = sessionId === undefined ? undefined : sessions.get(sessionId);
    const verdict = judge(method, params, { isRoot, rights });
    if (!isRoot && !held) refuse(request, 'Session with given id not found.', -32001);
    else if (verdict.kind === 'refused') {
      onRefused(method);
      refuse(request, verdict.why);
    } else if (verdict.kind === 'ours') void carryOut(request, verdict.params, held);
    else if (held) pass(request, verdict.params, held);
  };

  return {
    read(frame) {
      try {
        const request = readRequest(frame);
        if (request) take(request);
        else peer.end(CLOSE.unreadable, failed('BAD_REQUEST', NO_COMMAND));
      } catch (error) {
        // JSON that is nested too deeply cannot be written anew, for one.
        const message = error instanceof Error ? error.message : String(error);
        peer.end(CLOSE.unreadable, failed('BAD_REQUEST', `a frame of the client cannot be taken: ${message}`));
      }
    },
    close: () => stopWaiting?.(),
  };
}
