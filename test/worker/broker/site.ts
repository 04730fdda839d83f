/**
 * A web site for clients' pages, on loopback under two names, so that one is foreign to the other.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Site {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** `http://localhost:<port>` */
  readonly foreign: string;
  /** Of what was asked for, the latest last. */
  readonly requests: { readonly url: string; readonly headers: IncomingMessage['headers'] }[];
  close(): void;
}

export async function openSite(): Promise<Site> {
  const requests: Site['requests'] = [];
  const server = createServer((request, response) => {
    const { url = '/', headers } = request;
    requests.push({ url, headers });
    const { pathname, searchParams } = new URL(url, 'http://x');
    const foreign = `http://localhost:${port()}`;
    const answer = (type: string, body: string, more = {}): void => {
      response.writeHead(200, { 'content-type': type, ...more }).end(body);
    };
    const html: Record<string, string> = {
      '/': '<title>Home</title><h1 id=h>Hello</h1><a href=/second>on</a>',
      '/second': '<title>Second</title>',
      '/frames': `<title>Frames</title><iframe src=/inner></iframe><iframe src=${foreign}/inner></iframe>`,
      '/inner': '<title>Inner</title><p id=p>inside</p><script>document.cookie="inner=1"</script>',
      '/form': '<input id=i><input id=f type=file><button id=b onclick="this.textContent=i.value">go</button>',
      '/worker': '<script>new Worker("/worker.js")</script>',
      '/download': '<a id=d href=/file download=file.txt>get</a>',
      '/covered':
        '<style>.a{color:red}.b{color:blue}</style><p class=a>x</p><script>function f(){}function g(){}f()</script>',
      '/asks': '<script>fetch("/data").then((r) => r.text()).then((t) => { document.title = t; })</script>',
      '/sw': '<script>navigator.serviceWorker.register("/sw.js").then((r) => { window.r = r; })</script>',
    };
    const page = html[pathname];
    if (page !== undefined) answer('text/html', page);
    else if (pathname === '/worker.js') answer('text/javascript', 'self.here = 42; setInterval(() => {}, 1000)');
    else if (pathname === '/sw.js') answer('text/javascript', 'self.addEventListener("fetch", () => {})');
    else if (pathname === '/data') answer('text/plain', 'from the server');
    else if (pathname === '/file')
      answer('application/octet-stream', 'contents', { 'content-disposition': 'attachment' });
    else if (pathname === '/to') response.writeHead(302, { location: searchParams.get('url') ?? '/' }).end();
    else response.writeHead(404).end('none');
  });
  const port = (): number => (server.address() as AddressInfo).port;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${port()}`,
    foreign: `http://localhost:${port()}`,
    requests,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
