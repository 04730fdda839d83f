/**
 * The pages that all contenders load, from a loopback port of the bench's own process: 2 KB of HTML with text and a
 * little style, and 300 KB of HTML, style, script and images. Serving them costs no contender anything.
 */

import { createServer } from 'node:http';
import { largePage, type Resource } from './large-page.js';

const PAGE_BYTES = 2_048;
const SENTENCE = 'The quick brown fox jumps over the lazy dog. ';
const HEAD = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bench</title>
<style>body { font: 16px/1.5 sans-serif; margin: 2em } h1 { color: #234 } p { background: #eef }</style></head>
<body><h1>A small page</h1><p>`;
const TAIL = '</p></body></html>';

export const PAGES = ['small', 'large'] as const;
export type PageName = (typeof PAGES)[number];

export interface PageServer {
  urlOf(page: PageName): string;
  close(): Promise<void>;
}

export async function startPageServer(): Promise<PageServer> {
  const resources = new Map([['/small', smallPage()], ...largePage('/large')]);
  const server = createServer(({ url = '' }, response) => {
    const { type, bytes } = resources.get(url) ?? { type: 'text/plain', bytes: Buffer.alloc(0) };
    const status = resources.has(url) ? 200 : 404;
    response.writeHead(status, { 'content-type': type, 'content-length': bytes.length });
    response.end(bytes);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    urlOf: (page) => `http://127.0.0.1:${address.port}/${page}`,
    async close() {
      const closed = new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

function smallPage(): Resource {
  const text = SENTENCE.repeat(PAGE_BYTES / SENTENCE.length + 1);
  const html = HEAD + text.slice(0, PAGE_BYTES - HEAD.length - TAIL.length) + TAIL;
  return { type: 'text/html; charset=utf-8', bytes: Buffer.from(html) };
}
