/**
 * Sites that speak all that browsers do: HTTP/1.1, HTTP/2 over TLS, WebSockets, event streams; many bytes either way,
 * slowly, half-open, and cut off at every point. And the page that tries all of it, and tells what came.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export const DOWNLOAD_BYTES = 200_000_000;
export const UPLOAD_BYTES = 50_000_000;
export const ECHO_BYTES = 10_000_000;
/** More than Chromium opens connections through a proxy. */
const HOST_COUNT = 100;
const SLOW_MS = 50;

export interface TransportsSite {
  /** The page of all transports. When it is done, its `#done` holds what came. */
  readonly page: string;
  /** Pages of servers that do not end their answers properly, by what they do. */
  readonly broken: Readonly<Record<string, string>>;
  /** A page that loads this many bytes. */
  heavy(bytes: number): string;
  close(): Promise<void>;
}

export async function startTransportsSite(secret: {
  readonly cert: Buffer;
  readonly key: Buffer;
}): Promise<TransportsSite> {
  const plain = createServer((request, response) => answer(request, response, ports.secure, ports.halfOpen));
  plain.on('upgrade', echo);
  const secure = createSecureServer({ ...secret, allowHTTP1: true }, ((request, response) => {
    answer(request, response, 0, 0);
  }) as RequestListener as never);
  const broken = Object.entries(BROKEN).map(([name, serve]) => [name, rawServer(serve)] as const);
  const halfOpen = rawServer((socket) => socket.end(`${HEAD}\r\nhalf-open`));
  const servers = [plain, secure, halfOpen, ...broken.map(([, server]) => server)];
  const sockets = new Set<Socket>();
  for (const server of servers) {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  const portOf = (server: Pick<Server, 'address'>): number => (server.address() as AddressInfo).port;
  const ports = { secure: portOf(secure), halfOpen: portOf(halfOpen) };
  const origin = `http://127.0.0.1:${portOf(plain)}`;
  return {
    page: `${origin}/`,
    broken: Object.fromEntries(broken.map(([name, server]) => [name, `http://127.0.0.1:${portOf(server)}/`])),
    heavy: (bytes) => `${origin}/heavy?${bytes}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\naccess-control-allow-origin: *\r\n';

/** What a server does after the request. */
const BROKEN: Readonly<Record<string, (socket: Socket) => void>> = {
  'resets before it answers': (socket) => socket.resetAndDestroy(),
  'closes before it answers': (socket) => socket.end(),
  'closes within its head': (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-ty'),
  'speaks another protocol': (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
  'closes within what it said the length of': (socket) => socket.end(`${HEAD}content-length: 1000\r\n\r\n<p>part`),
  'closes within its chunks': (socket) => socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\n7\r\n<p>part\r\n`),
  'closes where its answer ends': (socket) => socket.end(`${HEAD}\r\n<p>whole`),
  'resets within what it said the length of': (socket) => {
    socket.write(`${HEAD}content-length: 1000\r\n\r\n<p>part`, () =>
      setTimeout(() => socket.resetAndDestroy(), SLOW_MS),
    );
  },
  'resets within its chunks': (socket) => {
    const part = `${HEAD}transfer-encoding: chunked\r\n\r\n7\r\n<p>part\r\n`;
    socket.write(part, () => setTimeout(() => socket.resetAndDestroy(), SLOW_MS));
  },
};

function rawServer(serve: (socket: Socket) => void) {
  return createTcpServer({ allowHalfOpen: true }, (socket) => socket.once('data', () => serve(socket)));
}

function answer(request: IncomingMessage, response: ServerResponse, securePort: number, halfOpenPort: number): unknown {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('timing-allow-origin', '*');
  switch (path) {
    case '/':
      response.setHeader('content-type', 'text/html');
      return response.end(pageOf(securePort, halfOpenPort));
    case '/heavy':
      response.setHeader('content-type', 'text/html');
      return response.end(`<p>${'x'.repeat(Number(query))}`);
    case '/download':
      return send(response, Number(query));
    case '/upload': {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      return request.on('end', () => response.end(String(bytes)));
    }
    case '/events':
      response.setHeader('content-type', 'text/event-stream');
      return drip(response, ['data: 1\n\n', 'data: 2\n\n', 'event: last\ndata: 3\n\n']);
    case '/slow':
      return drip(response, [...'slowly'], () => response.end());
    default:
      return setTimeout(() => response.end('one'), SLOW_MS);
  }
}

function send(response: ServerResponse, bytes: number): void {
  const chunk = Buffer.alloc(64 * 1_024);
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      const size = Math.min(left, chunk.length);
      left -= size;
      if (!response.write(chunk.subarray(0, size))) return void response.once('drain', more);
    }
    response.end();
  };
  more();
}

function drip(response: ServerResponse, parts: readonly string[], over = (): unknown => undefined): unknown {
  const [first, ...rest] = parts;
  if (first === undefined || response.destroyed) return over();
  response.write(first);
  return setTimeout(() => drip(response, rest, over), SLOW_MS);
}

/** A WebSocket that sends each frame back as it came, without its mask. */
function echo({ headers }: IncomingMessage, socket: Duplex): void {
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  const head = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n';
  socket.on('error', () => {}).write(`${head}sec-websocket-accept: ${accept.digest('base64')}\r\n\r\n`);
  let held = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const short = (held[1] ?? 0) & 0x7f;
      const start = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (held.length < start + 4) return;
      const length = short === 127 ? Number(held.readBigUInt64BE(2)) : short === 126 ? held.readUInt16BE(2) : short;
      const end = start + 4 + length;
      if (held.length < end) return;
      const mask = held.subarray(start, start + 4);
      const payload = held.subarray(start + 4, end).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
      const header = Buffer.from(held.subarray(0, start));
      header[1] = short;
      socket.write(Buffer.concat([header, payload]));
      held = held.subarray(end);
    }
  });
}

function pageOf(securePort: number, halfOpenPort: number): string {
  return `<!doctype html><title>transports</title><body><script type="module">
    const secure = 'https://127.0.0.1:${securePort}';
    const text = async (url, init) => (await fetch(url, init)).text();
    const protocolOf = (url) => performance.getEntriesByName(new URL(url, location).href)[0]?.nextHopProtocol;
    const spoken = async (url) => [await text(url), protocolOf(url)];
    const downloaded = async (url) => {
      const reader = (await fetch(url)).body.getReader();
      for (let bytes = 0;;) {
        const { done, value } = await reader.read();
        if (done) return bytes;
        bytes += value.length;
      }
    };
    const echoed = () => new Promise((resolve) => {
      const sent = new Uint8Array(${ECHO_BYTES}).map((_, index) => index * 7);
      const socket = new WebSocket(location.href.replace('http', 'ws') + 'echo');
      socket.binaryType = 'arraybuffer';
      socket.onopen = () => socket.send(sent);
      socket.onclose = ({ code }) => resolve(code);
      socket.onmessage = ({ data }) => {
        const came = new Uint8Array(data);
        resolve([came.length, came.every((byte, index) => byte === sent[index])]);
      };
    });
    const events = () => new Promise((resolve) => {
      const source = new EventSource('/events');
      const came = [];
      source.onmessage = ({ data }) => came.push(data);
      source.onerror = () => resolve('error');
      source.addEventListener('last', ({ data }) => { source.close(); resolve([...came, data]); });
    });
    const tries = {
      plain: () => spoken('/one'),
      secure: () => spoken(secure + '/one'),
      events,
      echoed,
      slow: () => text('/slow'),
      halfOpen: () => text('http://127.0.0.1:${halfOpenPort}/'),
      hosts: async () => {
        const hosts = Array.from({ length: ${HOST_COUNT} }, (_, index) => 'h' + index + '.localhost:' + location.port);
        return (await Promise.all(hosts.map((host) => text('http://' + host + '/any')))).length;
      },
      uploaded: () => text('/upload', { method: 'POST', body: new Blob([new Uint8Array(${UPLOAD_BYTES})]) }),
      downloaded: () => downloaded('/download?${DOWNLOAD_BYTES}'),
    };
    const told = {};
    for (const [name, attempt] of Object.entries(tries)) {
      told[name] = await Promise.resolve().then(attempt).catch((error) => String(error));
    }
    const done = { id: 'done', textContent: JSON.stringify(told) };
    document.body.append(Object.assign(document.createElement('p'), done));
  </script>`;
}
