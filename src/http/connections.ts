/**
 * Requests that are not over yet, by their connection. When a connection goes, Node.js tells only the response whose
 * turn it is. Requests that are pipelined behind it would never hear of that. Main thread.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** A request with its response, until it is over. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Ends it with this status; 499 when its client left first. Only the first call counts. */
  end(code: number): void;
}

export interface Connections {
  /** To be called with each connection before its first request. One listener serves all requests on it. */
  add(socket: Duplex): void;
  /**
   * `onOver` is called once, however the request ends. `isAnswered` says whether its client was sent the whole answer.
   */
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
          // A response that waits for its turn does not notice that nobody will read it.
          if (!isAnswered && response.socket === null) response.destroy();
          onOver(code, isAnswered);
        },
      };
      exchanges.add(exchange);
      // The request's `close` comes right after its body, so it says nothing. The response's `close` before its end
      // means that the client left.
      response.once('close', () => exchange.end(codeOf(response)));
    },
    of: (socket) => [...(open.get(socket) ?? [])],
  };
}

function codeOf(response: ServerResponse): number {
  return response.writableFinished ? response.statusCode : 499;
}
