/**
 * A web site for clients' pages, on loopback under two names, so that each is foreign to the other.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { holdClosedPort } from '../closed-port.js';

export interface Asked {
  readonly url: string;
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Site {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** `http://localhost:<port>` */
  readonly foreign: string;
  /** The latest request for this path. */
  last(path: string): Asked | undefined;
  /** An origin where nobody listens. */
  readonly closedOrigin: string;
  close(): void;
}

const PAGES: Readonly<Record<string, string>> = {
  '/': '<title>Home</title><h1 id=h>Hello</h1><a href=/second>on</a>',
  '/second': '<title>Second</title>',
  '/frames': '<title>Frames</title><iframe src=/inner></iframe><iframe src=FOREIGN/inner></iframe>',
  '/inner': '<title>Inner</title><p id=p>inside</p>',
  '/nested': '<title>Nested</title><iframe name=outer src=/holds></iframe>',
  '/holds': '<iframe name=middle src=FOREIGN/holds-one></iframe>',
  '/holds-one': '<iframe name=innermost src=/inner></iframe>',
  '/form':
    '<input id=i><input id=f type=file><button id=b onclick="this.textContent=i.value">go</button>' +
    '<select id=s><option value=a>A</option><option value=b>B</option></select>',
  '/keys': '<textarea id=t></textarea><script>seen=[];t.onkeydown=(e)=>seen.push(e.key)</script>',
  '/mouse':
    '<body style="margin:0;height:3000px"><script>seen=[];for (const n of ["mousemove","mousedown","mouseup",' +
    '"dblclick","contextmenu","touchstart","touchend"]) addEventListener(n,(e)=>seen.push(n))</script>',
  '/drag':
    '<body style="margin:0"><div id=a draggable=true style="width:50px;height:50px">drag</div>' +
    '<div id=z style="width:50px;height:50px">here</div><script>' +
    'a.ondragstart=(e)=>e.dataTransfer.setData("text/plain","dragged");' +
    'z.ondragenter=z.ondragover=(e)=>e.preventDefault();' +
    'z.ondrop=(e)=>{e.preventDefault();z.textContent=e.dataTransfer.getData("text/plain")}</script>',
  '/shadow':
    '<div id=host></div><script>host.attachShadow({mode:"open"}).innerHTML=' +
    '"<button onclick=\'this.textContent=1\'>in the shadow</button>"</script>',
  '/later':
    '<p id=gone>gone</p><script>setTimeout(()=>{gone.remove();document.body.insertAdjacentHTML(' +
    '"beforeend","<b id=come>come</b>")},50)</script>',
  '/worker': '<script>new Worker("/worker.js")</script>',
  '/download': '<a id=d href=/file download=file.txt>get</a>',
  '/covered':
    '<style>.a{color:red}.b{color:blue}</style><p class=a>x</p><script>function f(){}function g(){}f()</script>',
  '/asks': '<script>fetch("/data").then((r)=>r.text(),()=>"failed").then((t)=>{document.title=t})</script>',
  '/posts':
    '<script>fetch("/echo",{method:"POST",body:"posted"}).then((r)=>r.text()).then((t)=>{document.title=t})</script>',
  '/sw': '<script>navigator.serviceWorker.register("/sw.js")</script>',
  '/tall':
    '<body style="margin:0"><div id=box style="width:30px;height:20px;background:red"></div><p style="height:2000px">',
  '/leaves': '<button id=b>stay</button><script>onbeforeunload=(e)=>e.preventDefault()</script>',
};

const FILES: Readonly<Record<string, readonly [type: string, body: string]>> = {
  '/worker.js': ['text/javascript', 'self.here = 42; setInterval(() => {}, 1000)'],
  '/sw.js': ['text/javascript', 'self.addEventListener("fetch", () => {})'],
  '/added.js': ['text/javascript', 'window.added = 1'],
  '/data': ['text/plain', 'from the server'],
};

type Answer = (request: Asked, response: ServerResponse) => void;

const ANSWERS: Readonly<Record<string, Answer>> = {
  '/file'(_request, response) {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment' });
    response.end('contents');
  },
  '/echo': ({ method, headers, body }, response) => void response.end(`${method} ${headers['x-more'] ?? ''} ${body}`),
  '/moved': (_request, response) => void response.writeHead(302, { location: '/second' }).end(),
  '/secret'({ headers }, response) {
    const isKnown = headers.authorization === `Basic ${Buffer.from('me:word').toString('base64')}`;
    if (isKnown) response.end('<title>Secret</title>');
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end('<title>Who?</title>');
  },
  '/strict'(_request, response) {
    response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': "script-src 'none'" });
    response.end('<title>Strict</title>');
  },
  '/cached'(_request, response) {
    response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'max-age=60' }).end('<title>Kept</title>');
  },
  // Never answers.
  '/never': () => {},
};

export async function openSite(): Promise<Site> {
  const requests: Asked[] = [];
  const server = createServer(async (request, response) => {
    const { url = '/', headers, method = 'GET' } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const asked = { url, headers, method, body: Buffer.concat(chunks).toString() };
    requests.push(asked);
    const { pathname } = new URL(url, 'http://x');
    const page = PAGES[pathname];
    const [type, body] = FILES[pathname] ?? ['text/html', page?.replace('FOREIGN', foreign())];
    const answer = ANSWERS[pathname];
    if (answer) answer(asked, response);
    else if (body === undefined) response.writeHead(404).end('none');
    else response.writeHead(200, { 'content-type': type }).end(body);
  });
  const foreign = (): string => `http://localhost:${(server.address() as AddressInfo).port}`;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const closed = await holdClosedPort();
  return {
    origin: foreign().replace('localhost', '127.0.0.1'),
    foreign: foreign(),
    last: (path) => requests.findLast(({ url }) => url === path),
    closedOrigin: `http://127.0.0.1:${closed.port}/`,
    close() {
      closed.release();
      server.close();
      server.closeAllConnections();
    },
  };
}
