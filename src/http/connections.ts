/**
 * Requests that are not over yet, by their connection. When a connection goes, Node.js tells only the response whose
 * turn it is; those of requests pipelined behind it would never hear of it. Main thread.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** A request with its response, until it is over. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** It is over, with this status; 499 when its client has left first. Only the first time counts. */
  end(code: number): void;
}

export interface Connections {
  /** Called with each connection before its first request: one listener for all that ever come on it. */
  add(socket: Duplex): void;
  /** `onOver` is called once, however it ends; `isAnswered` when its client was sent the whole answer. */
  open(request: IncomingMessage, response: ServerResponse, onOver: (code: number, isAnswered: boolean) => void): void;
  /** In the order in which they came. */
  of(socket: Duplex): readonly Exchange[];
}

export function createConnections(): Connections {
  const open = new WeakMap<Duplex, Set<Exchange>>();
  return {
    add(socket) {
      const exchanges = new Set<Exchange>();
      open.set(socket, exchanges);
      socket.once('close', () => {
        for (const exchange of exchanges) exchange.end(codeOf(exchange.response));
      });
    },
    open(request, response, onOver) {
      const exchanges = open.get(request.socket) ?? new Set();
      const exchange: Exchange = {
        request,
        response,
        end(code) {
          if (!exchanges.delete(exchange)) return;
          const isAnswered = response.writableFinished;
          // One that waits for its turn does not know by itself that nobody will read it.
          if (!isAnswered && response.socket === null) response.destroy();
          onOver(code, isAnswered);
        },
      };
      exchanges.add(exchange);
      // The request's close comes right after its body; the response's without its end is the client's leaving.
      response.once('close', () => exchange.end(codeOf(response)));
    },
    of: (socket) => [...(open.get(socket) ?? [])],
  };
}

function codeOf(response: ServerResponse): number {
  return response.writableFinished ? response.statusCode : 499;
}
