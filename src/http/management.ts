/**
 * The routes that tell how the server does: health, pressure, settings, versions, and what there is. Main thread.
 */
import { type Answer, empty, json, type Request, type Route, text } from './route.js';

const METHODS = ['GET', 'HEAD'];

export interface Pressure {
  readonly date: number;
  readonly reason: '' | 'full' | 'cpu' | 'memory';
  readonly message: string;
  readonly isAvailable: boolean;
  readonly queued: number;
  readonly recentlyRejected: number;
  readonly running: number;
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  /** Whole percent, rounded up. */
  readonly cpu: number;
  readonly memory: number;
}

/** Why a session sent now would not be taken; null: it would. */
export type NotReady = 'starting' | 'draining' | 'full' | 'browser' | null;

export interface ManagementRouteOptions {
  readonly pressure: () => Pressure;
  readonly notReady: () => NotReady;
  readonly config: () => Record<string, unknown>;
  readonly meta: () => Record<string, string>;
  /** Paths of all routes, for the start page. */
  readonly paths: readonly string[];
}

export function managementRoutes(options: ManagementRouteOptions): Route[] {
  const get = (path: string, handle: Route['handle']): Route => ({ path, methods: METHODS, handle });
  const health = (path: string, handle: Route['handle']): Route => ({
    ...get(path, handle),
    isOpen: true,
    isForAnyOrigin: true,
  });
  return [
    { ...get('/', () => startPage(options)), isOpen: true },
    health('/health/live', () => json({ status: 'ok' })),
    health('/health/ready', () => {
      const reason = options.notReady();
      return reason === null ? json({ status: 'ok' }) : json({ status: 'unavailable', reason }, 503);
    }),
    get('/active', () => empty(options.notReady() === null ? 204 : 503)),
    get('/pressure', (request) => pressureAnswer(request, options.pressure())),
    get('/config', () => json(options.config())),
    get('/meta', () => json(options.meta())),
  ];
}

function pressureAnswer({ headers }: Request, pressure: Pressure): Answer {
  const answer = /^\s*text\/plain\b/.test(headers.accept ?? '')
    ? text(pressure.message, pressure.isAvailable ? 200 : 503)
    : json({ pressure });
  return { ...answer, headers: { ...answer.headers, Vary: 'Accept' } };
}

function startPage({ meta, paths }: ManagementRouteOptions): Answer {
  const { headcount } = meta();
  const items = paths
    .filter((path) => path !== '/')
    .map((path) => `<li><a href="${path}"><code>${path}</code></a></li>`);
  const page = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>headcount</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}
:root{color-scheme:light dark}</style>
<h1>headcount ${headcount}</h1>
<p>A server for headless Chromium sessions that counts every one of them.</p>
<pre>curl -X POST localhost:3000/screenshot -H 'content-type: application/json' \\
  -d '{"url":"https://example.com"}' -o page.png</pre>
<ul>${items.join('')}</ul></html>
`;
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'Cache-Control': 'no-cache',
    },
    chunks: [Buffer.from(page)],
  };
}
