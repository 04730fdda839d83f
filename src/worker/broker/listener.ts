/**
 * A Unix socket, in a folder that only this user can open, to which main connects clients. In: upgrade requests, each
 * with a ticket; out: WebSockets for whoever expects that ticket. The one door to `ws`. Runs in a worker thread.
 */
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { TICKET_HEADER } from '../../protocol/cdp.js';

/**
 * A client's WebSocket. `close` and `terminate` take effect when this turn of the loop is over. Until then whoever ends
 * it has told main why, so a client that is cut off finds its session counted.
 */
export interface ClientSocket extends WebSocket {
  /** Frames of one turn of the loop are written in one go, because each write wakes main's thread. */
  gather(): void;
}

export interface Listener {
  readonly path: string;
  /** Calls back at most once, with the client that brings this ticket. The returned function stops waiting. */
  expect(ticket: string, maxPayloadBytes: number, onSocket: (socket: ClientSocket) => void): () => void;
  close(): void;
}

type Enter = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Main writes its request at once, so a slow one is not main's, unless this thread stood still. */
const REQUEST_LIMIT_MS = 30_000;

/** @throws {Error} when it cannot listen at the path, which may be too long. */
export async function openListener(path: string): Promise<Listener> {
  const expected = new Map<string, Enter>();
  const server = createServer({ headersTimeout: REQUEST_LIMIT_MS, requestTimeout: REQUEST_LIMIT_MS }, (_, response) => {
    response.writeHead(404, { connection: 'close' }).end();
  });
  server.on('upgrade', (request, socket, head) => {
    // First of all, because a reset that nobody listens for would end the thread.
    socket.on('error', () => {});
    const ticket = String(request.headers[TICKET_HEADER]);
    const enter = expected.get(ticket);
    expected.delete(ticket);
    if (enter) enter(request, socket, head);
    else socket.destroy();
  });
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o600);
  // No descriptor was left for a connection. Main hears of it when its own connection ends.
  server.on('error', () => {});
  return {
    path,
    expect(ticket, maxPayload, onSocket) {
      // What is not UTF-8 becomes so when it is read, and what goes on to Chromium is written anew.
      const options = { maxPayload, skipUTF8Validation: true };
      const acceptor = new WebSocketServer({ noServer: true, clientTracking: false, ...options });
      expected.set(ticket, (request, socket, head) => {
        acceptor.handleUpgrade(request, socket, head, (client) => {
          // A frame that comes before somebody listens would be lost.
          client.pause();
          client.on('error', () => {});
          onSocket(endingLast(client, gatherer(socket)));
        });
      });
      return () => void expected.delete(ticket);
    },
    close() {
      expected.clear();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** `ws` closes some clients by itself, by this very method. */
function endingLast(client: WebSocket, gather: () => void): ClientSocket {
  const { close, terminate } = client;
  return Object.assign(client, {
    gather,
    close(code?: number, reason?: string | Buffer) {
      gather();
      close.call(client, code, reason);
    },
    terminate: () => void setImmediate(() => terminate.call(client)),
  });
}

function gatherer(socket: Duplex): () => void {
  let isGathering = false;
  const write = (): void => {
    isGathering = false;
    socket.uncork();
  };
  return () => {
    if (isGathering) return;
    isGathering = true;
    socket.cork();
    setImmediate(write);
  };
}
