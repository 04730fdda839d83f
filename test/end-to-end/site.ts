/**
 * A web site of pages that tell about themselves or go on to another page, for tests of what sessions do with their
 * page. The foreign site is the same one under another name.
 */

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

/** Tells all about itself that settings can change. A script has left a mark only with JavaScript on. */
export const TELLING = `<style>@media print { h1 { display: none } }</style><h1>Screen</h1><p id="told"></p>
  <script>told.textContent = ['ran', matchMedia('print').matches ? 'print' : 'screen', innerWidth, devicePixelRatio,
    navigator.maxTouchPoints, navigator.userAgent, 'MINE', document.cookie].join('|')</script>`;
const TALL = '<div id="end" style="margin-top:3000px;width:10px;height:10px;background:#f00"></div>';

export const PAGES: Readonly<Record<string, string>> = {
  '/tells': TELLING,
  '/refreshes': '<meta http-equiv="refresh" content="0;url=AWAY/tells">',
  '/tall': TALL,
  '/end': '<h1>at /end</h1>',
  '/link': '<a href="AWAY/tells">on</a><script>onload = () => document.links[0].click()</script>',
  '/assigns': '<script>location = "AWAY/tells"</script>',
  '/meta': '<meta http-equiv="refresh" content="0;url=/end">at /meta',
  '/timer': '<script>onload = () => setTimeout(() => { location = "/end" }, 5)</script>at /timer',
  '/onload': '<script>onload = () => { location = "/end" }</script>at /onload',
  '/form': '<form action="/end"></form><script>onload = () => document.forms[0].submit()</script>at /form',
  '/replaces': '<script>location.replace("/end")</script>at /replaces',
  '/pushes': '<script>onload = () => history.pushState({}, "", "/end")</script>at /pushes',
  '/chain': '<script>onload = () => { location = "/meta" }</script>at /chain',
  '/crosses': '<script>onload = () => setTimeout(() => { location = "AWAY/end" }, 5)</script>at /crosses',
  '/nothing': '<script>onload = () => { location = "/204" }</script>at /nothing',
  '/endless': '<script>onload = () => setTimeout(() => { location = "/endless" }, 50)</script>at /endless',
  '/restless': '<script>location.href = "/restless?" + Math.random()</script>at /restless',
  '/strict': '<body>strict',
  '/events': `<script>
    window.dispatchEvent(new Event("on-window")); document.dispatchEvent(new CustomEvent("on-document"));
    onload = () => setTimeout(() => window.dispatchEvent(new Event("late")), 100)</script>`,
};

const OTHERS: Readonly<Record<string, (response: ServerResponse, headers: IncomingHttpHeaders) => unknown>> = {
  '/204': (response) => response.writeHead(204).end(),
  '/never': () => {},
  '/to-auth': (response) => response.writeHead(302, { location: '/auth' }).end(),
  '/auth': (response, { authorization }) => {
    const isKnown = authorization === `Basic ${Buffer.from('user:pass').toString('base64')}`;
    return response.writeHead(isKnown ? 200 : 401, { 'www-authenticate': 'Basic realm="x"' }).end(isKnown && 'come in');
  },
  '/echo': (response, headers) => response.end(JSON.stringify(headers)),
  '/style.css': (response) => response.writeHead(200, { 'content-type': 'text/css' }).end('h1 { color: #00f }'),
};

export interface Site {
  url(path: string): string;
  close(): void;
}

export async function startSite(): Promise<Site> {
  let away = '';
  const site = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    const other = OTHERS[path];
    if (other) return other(response, request.headers);
    if (path === '/redirect') return response.writeHead(302, { location: `${away}/tells` }).end();
    const policy = path === '/strict' ? { 'content-security-policy': "default-src 'none'" } : {};
    response.writeHead(path === '/end' ? 203 : 200, { 'content-type': 'text/html', ...policy });
    const page = (PAGES[path] ?? '').replaceAll('AWAY', away);
    return response.end(page.replace('MINE', String(request.headers['x-mine'])));
  });
  await new Promise<void>((resolve) => site.listen(0, resolve));
  const address = site.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  away = `http://localhost:${port}`;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    close() {
      site.closeAllConnections();
      site.close();
    },
  };
}
