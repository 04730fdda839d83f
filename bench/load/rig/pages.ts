/**
 * The page that all contenders load: 2 KB of HTML with text and a little style, from a loopback port of the bench's own
 * process. Its cost is nobody's, and the same for all.
 */

import { createServer } from 'node:http';

const PAGE_BYTES = 2_048;
const SENTENCE = 'The quick brown fox jumps over the lazy dog. ';
const HEAD = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bench</title>
<style>body { font: 16px/1.5 sans-serif; margin: 2em } h1 { color: #234 } p { background: #eef }</style></head>
<body><h1>A small page</h1><p>`;
const TAIL = '</p></body></html>';

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function startPageServer(): Promise<PageServer> {
  const text = SENTENCE.repeat(PAGE_BYTES / SENTENCE.length + 1);
  const page = HEAD + text.slice(0, PAGE_BYTES - HEAD.length - TAIL.length) + TAIL;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': Buffer.byteLength(page) });
    response.end(page);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async close() {
      const closed = new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
      });
      server.closeAllConnections();
      await closed;
    },
  };
}
