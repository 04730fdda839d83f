/**
 * Leads a connection through an outgoing proxy, to which there already is one: by CONNECT of HTTP, over TLS when the
 * proxy is https, or by SOCKS5. The only importer of socks. Egress thread.
 */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { connect as connectTls, rootCertificates } from 'node:tls';
import { SocksClient } from 'socks';
import { type RefusedError, refusalOf, refuse } from './failure.js';
import type { Host } from './host.js';
import type { Upstream } from './proxies.js';

export interface Errand {
  readonly proxy: Upstream;
  /** To the proxy. It is destroyed when this fails. Whoever gives up destroys it, and that ends this. */
  readonly socket: Socket;
  readonly host: Host;
  readonly port: number;
  readonly limitMs: number;
  /** In PEM. Trusted besides those that Node.js trusts. */
  readonly authorities: readonly string[];
}

/** The socket on which to talk to the destination. Rejects with a `RefusedError`. */
export async function connectThrough(errand: Errand): Promise<Socket> {
  const { proxy, socket } = errand;
  try {
    switch (proxy.kind) {
      case 'http':
        return await tunnel(errand, socket);
      case 'https':
        return await tunnel(errand, await encrypted(errand));
      case 'socks5':
        return await throughSocks(errand);
    }
  } catch (error) {
    socket.destroy();
    throw proxyFailure(proxy, error);
  }
}

/** Whatever went wrong with the proxy itself. */
export function proxyFailure(proxy: Upstream, error: unknown): RefusedError {
  return refuse('proxy', `proxy ${proxy.host.text}:${proxy.port}: ${refusalOf(error, proxy.kind).refused.message}`);
}

function encrypted({ proxy: { host }, socket, authorities }: Errand): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Half-open, like the socket below it.
    const secure = connectTls({
      socket,
      host: host.text,
      ...(host.kind === 'name' ? { servername: host.name } : {}),
      ...(authorities.length > 0 ? { ca: [...rootCertificates, ...authorities] } : {}),
      ALPNProtocols: ['http/1.1'],
    });
    secure.on('error', reject);
    secure.on('close', () => reject(new Error('it closed the connection')));
    secure.once('secureConnect', () => resolve(secure));
  });
}

/** Node.js's own client reads the answer: all of it, within bounds, and nothing behind it is lost. */
function tunnel({ proxy, host, port }: Errand, socket: Socket): Promise<Socket> {
  const text = host.kind === 'address' && host.address.kind() === 'ipv6' ? `[${host.text}]` : host.text;
  const target = `${text}:${port}`;
  const login = Buffer.from(`${proxy.username}:${proxy.password}`).toString('base64');
  const isKnown = proxy.username !== '' || proxy.password !== '';
  const headers = { host: target, ...(isKnown ? { 'proxy-authorization': `Basic ${login}` } : {}) };
  return new Promise((resolve, reject) => {
    // With an agent, even `false`, it would open a connection itself.
    const asked = request({ method: 'CONNECT', path: target, headers, createConnection: () => socket });
    asked.on('error', reject);
    asked.on('response', () => reject(new Error('no answer to CONNECT')));
    asked.once('connect', ({ statusCode = 0 }, answered: Socket, head) => {
      if (statusCode < 200 || statusCode > 299) {
        reject(new Error(`it answered ${statusCode}`));
        return;
      }
      if (head.length > 0) answered.unshift(head);
      resolve(answered);
    });
    asked.end();
  });
}

async function throughSocks({ proxy, socket, host, port, limitMs }: Errand): Promise<Socket> {
  const isKnown = proxy.username !== '' || proxy.password !== '';
  // It knows no half-open sockets, and would wait for ever.
  const hangUp = (): void => void socket.destroy();
  socket.once('end', hangUp);
  await SocksClient.createConnection({
    proxy: {
      host: proxy.host.text,
      port: proxy.port,
      type: 5,
      ...(isKnown ? { userId: proxy.username, password: proxy.password } : {}),
    },
    command: 'connect',
    destination: { host: host.text, port },
    timeout: limitMs,
    existing_socket: socket,
  });
  socket.off('end', hangUp);
  return socket;
}
