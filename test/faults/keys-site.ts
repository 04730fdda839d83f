/**
 * Pages for the table of keys. Each says whether something is so in every form that a session can have: as text, and by
 * its colour. Served by a site or given as HTML, it is the same page.
 */

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { IMAGE } from '../fixtures/documents.js';

/** The text in such a page when it is so. */
export const SO = 'it is so';
/** The colour of its first pixel when it is so. */
export const SO_PIXEL = [0, 255, 0, 255];

/**
 * A page that evaluates an expression with each of its scripts, and when it has loaded; `so()` says it right away.
 * `SITE` stands for the site's address, `AWAY` for the same site under another name. `sent` holds the headers with
 * which a script of it was asked for.
 */
export function telling(expression: string, body = '', head = ''): string {
  return `<!doctype html>${head}<style>body { margin: 0 } .so { background: #0f0 }</style><p id="told">not yet</p>
<script src="SITE/sent.js"></script><script>
const so = () => { told.textContent = 'it' + ' is so'; document.documentElement.className = 'so'; };
const tell = () => { if (${expression}) so(); };
tell(); addEventListener('load', tell);
</script>${body}`;
}

export interface KeysSite {
  readonly site: string;
  readonly away: string;
  /** HTML for this site. */
  filled(html: string): string;
  /** Where this page is served; the same page has the same address. */
  urlOf(html: string): string;
  close(): void;
}

type Handler = (response: ServerResponse, headers: IncomingHttpHeaders) => unknown;

const script =
  (text: string): Handler =>
  (response) =>
    response.writeHead(200, { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' }).end(text);

const HANDLERS: Readonly<Record<string, Handler>> = {
  '/never': () => {},
  '/so.js': script('so()'),
  '/module.js': script('import.meta && so()'),
  '/sent.js': (response, headers) => script(`var sent = ${JSON.stringify(headers)}`)(response, headers),
  '/style.css': (response) =>
    response.writeHead(200, { 'content-type': 'text/css' }).end('#told { color: rgb(1, 2, 3) }'),
  '/framed': (response, { cookie }) => {
    const text = JSON.stringify(`sent ${cookie}`);
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<script>parent.postMessage(${text}, '*')</script>`);
  },
  '/image.png': (response) => response.writeHead(200, { 'content-type': 'image/png' }).end(IMAGE),
};

export async function startKeysSite(): Promise<KeysSite> {
  const pages: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://any.test');
    const handler = HANDLERS[pathname];
    if (handler) return handler(response, request.headers);
    const isKnown = request.headers.authorization === `Basic ${Buffer.from('user:pass').toString('base64')}`;
    if (searchParams.has('secret') && !isKnown) {
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    }
    const page = (pages[Number(pathname.slice(1))] ?? '').replaceAll('HEADERS', () => JSON.stringify(request.headers));
    return response.writeHead(200, { 'content-type': 'text/html' }).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const [site, away] = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
  const filled = (html: string): string => html.replaceAll('SITE', site).replaceAll('AWAY', away);
  return {
    site,
    away,
    filled,
    urlOf(html) {
      const page = filled(html);
      const at = pages.indexOf(page);
      return `${site}/${at >= 0 ? at : pages.push(page) - 1}`;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
