/**
 * A web site over TLS on a port of its own, under any name. It notes what it is asked for, and holds some of it back.
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
  /** Requests for `/held` wait until it is released. Chromium may ask twice. */
  hold(): void;
  release(): void;
  close(): Promise<void>;
}

/** `pages` are documents by path, made for the port that the site gets. */
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
