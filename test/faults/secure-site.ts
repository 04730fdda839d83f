/**
 * A web site over TLS on a port of its own, under any name: what it is asked for is kept, and some of it held back.
 */

import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificates.js';

export interface SecureSite {
  url(host: string, path?: string): string;
  /** `host path`, in the order of arrival. */
  readonly asked: string[];
  /** What asks for `/held` waits, until it is released. Chromium may ask twice. */
  hold(): void;
  release(): void;
  close(): Promise<void>;
}

/** `pages` are documents by their path, made for the port that it gets. */
export async function startSecureSite(
  { cert, key }: Certificate,
  pages: (port: number) => Readonly<Record<string, string>> = () => ({}),
): Promise<SecureSite> {
  const asked: string[] = [];
  const held: ServerResponse[] = [];
  let isHolding = false;
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
    const path = request.url ?? '';
    asked.push(`${request.headers.host?.split(':')[0]} ${path}`);
    if (path === '/held' && isHolding) held.push(response);
    else response.writeHead(200, { 'content-type': 'text/html' }).end(pages(port)[path] ?? `<p>${path}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (host, path = '/') => `https://${host}:${port}${path}`,
    asked,
    hold() {
      isHolding = true;
    },
    release() {
      isHolding = false;
      for (const response of held.splice(0)) response.end();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
