/**
 * What a client that has just connected asks for: the handshake of SOCKS5 on a real socket, with a time limit.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import { createHandshake, GREETING_REPLY } from './socks.js';

export interface Request {
  readonly host: string;
  readonly port: number;
}

const LIMIT_MS = 10_000;
const NOTHING = Buffer.alloc(0);

/**
 * null: it was no request, or came too late, and the socket is being closed. Otherwise the socket is paused, and what
 * came behind the request can still be read from it.
 */
export function readRequest(client: Socket, clock: Clock): Promise<Request | null> {
  return new Promise((resolve) => {
    const handshake = createHandshake();
    const over = (request: Request | null): void => {
      cancel();
      client.off('data', read).off('end', gone).off('close', gone).pause();
      resolve(request);
    };
    const gone = (): void => {
      client.destroy();
      over(null);
    };
    const read = (chunk: Buffer): void => {
      let step = handshake.push(chunk);
      if (step.kind === 'greeted') {
        client.write(GREETING_REPLY);
        step = handshake.push(NOTHING);
      }
      if (step.kind === 'bad') {
        client.end(step.reply);
        client.destroySoon();
        over(null);
      } else if (step.kind === 'request') {
        over(step);
        if (step.rest.length > 0) client.unshift(step.rest);
      }
    };
    const cancel = clock.after(LIMIT_MS, gone);
    client.on('data', read).on('end', gone).on('close', gone);
  });
}
