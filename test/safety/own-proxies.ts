/**
 * Outgoing proxies as operators and clients have them: HTTP with Basic credentials, and SOCKS5 with name and password.
 * Both take every host for one site, and remember who was asked for.
 */
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export const USER = 'operator';
export const PASSWORD = 'p@ss:word';

export interface OwnProxy {
  readonly port: number;
  /** With the credentials that the proxy wants. */
  readonly url: string;
  /** `host:port` of each request that had the right credentials. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function startHttpProxy(sitePort: number): Promise<OwnProxy> {
  const asked: string[] = [];
  const server = createHttpServer((_request, response) => response.writeHead(405).end());
  server.on('connect', ({ url = '', headers }, client: Socket) => {
    client.on('error', () => {});
    const login = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
    if (headers['proxy-authorization'] !== login) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm="x"\r\n\r\n');
      return;
    }
    asked.push(url);
    join(client, sitePort, 'HTTP/1.1 200 Connection established\r\n\r\n');
  });
  return await opened(server, 'http', asked);
}

export async function startSocksProxy(sitePort: number): Promise<OwnProxy> {
  const asked: string[] = [];
  const server = createServer((client) => {
    client.on('error', () => {});
    // The client waits for each answer, so each time one whole message comes.
    client.once('data', () => {
      client.write(Buffer.from([5, 2]));
      client.once('data', (login) => {
        const wanted = Buffer.from(`\x01${text(USER)}${text(PASSWORD)}`, 'latin1');
        if (!login.equals(wanted)) return client.end(Buffer.from([1, 1]));
        client.write(Buffer.from([1, 0]));
        return client.once('data', (request) => {
          const isName = request[3] === 3;
          const host = isName ? request.subarray(5, -2).toString() : request.subarray(4, -2).join('.');
          asked.push(`${host}:${request.readUInt16BE(request.length - 2)}`);
          join(client, sitePort, Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
        });
      });
    });
  });
  return await opened(server, 'socks5', asked);
}

function text(of: string): string {
  return String.fromCharCode(of.length) + of;
}

function join(client: Socket, port: number, first: string | Buffer): void {
  const remote = connect(port, '127.0.0.1', () => {
    client.write(first);
    client.pipe(remote).pipe(client);
  });
  remote.on('error', () => client.destroy());
  client.on('close', () => remote.destroy());
}

async function opened(server: Server, scheme: string, asked: string[]): Promise<OwnProxy> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('close', () => sockets.delete(socket))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${scheme}://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`,
    asked,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
