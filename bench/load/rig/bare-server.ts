/**
 * The least that sends a request to a thread and back: polka and piscina with nothing between. A session without a
 * browser is compared with it. A process of its own, started by `server.ts`, to which it tells its URL.
 */

import { createServer } from 'node:http';
import { Piscina } from 'piscina';
import polka from 'polka';

const threads = Number(process.argv[2]);
const pool = new Piscina({
  filename: new URL('./bare-worker.js', import.meta.url).href,
  name: 'runNull',
  minThreads: threads,
  maxThreads: threads,
});

const app = polka({ onNoMatch: (_request, response) => response.writeHead(404).end() });
app.add('POST', '/test', (_request, response) => {
  void pool.run({ operation: 'null' }).then((body: Uint8Array) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length });
    response.end(body);
  });
});
// What an answer costs for which nothing is done.
app.add('GET', '/', (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 3 });
  response.end('ok\n');
});

const server = createServer(app.handler);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.(`http://127.0.0.1:${address.port}`);
});
process.once('disconnect', () => process.exit(0));
