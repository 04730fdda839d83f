/**
 * The live page and its files, read once at the start and served from memory: so no client's path ever touches the file
 * system. They hold no data and need no token; the page asks for what it shows. Main thread.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ServiceError } from '../failures.js';
import { preferredType } from './accept.js';
import { addressOf } from './address.js';
import type { Handlers, Listed } from './interface.js';
import { type Answer, text } from './route.js';

/** The page's modules as the compiler made them; its other files are beside the sources. */
const COMPILED = new URL('../page/', import.meta.url);
const SOURCES = new URL('../../../src/page/', import.meta.url);

/** Only our own files are allowed, and no inline styles. The charts position things by script. */
const HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

export interface PageOptions {
  /**
   * Whether the page has to ask for a token. Without this it would find out by a request that counts as unauthorized.
   */
  readonly isTokenNeeded: boolean;
  /** For clients that take no HTML. */
  readonly version: string;
  /** The routes that such a client is told of. */
  readonly routes: readonly Listed[];
  /** The server's address for clients, when it differs from the one that they use themselves. */
  readonly proxyUrl: URL | null;
}

/** @throws {Error} when a file is missing: an incomplete installation. */
export function pageHandlers(options: PageOptions): Pick<Handlers, 'page' | 'pageFile'> {
  const html = readFileSync(new URL('page.html', SOURCES), 'utf8');
  const page = answerOf('page.html', html.replace('{{token}}', options.isTokenNeeded ? 'needed' : 'none'));
  const files = readFiles();
  return {
    page(request) {
      const isPage = preferredType(request.headers, ['text/plain', 'text/html']) === 'text/html';
      const answer = isPage ? page : text(plainText(options, addressOf(request, options.proxyUrl)));
      return { ...answer, headers: { ...answer.headers, Vary: 'Accept' } };
    },
    pageFile({ params }) {
      const answer = files.get(params['file'] ?? '');
      if (!answer) throw new ServiceError('NOT_FOUND', 'the page has no such file');
      return answer;
    },
  };
}

function readFiles(): ReadonlyMap<string, Answer> {
  const modules = readdirSync(COMPILED).filter((name) => name.endsWith('.js'));
  const assets = readdirSync(SOURCES).filter((name) => /\.(?:css|svg)$/.test(name));
  const sources = [
    ...modules.map((name) => ({ name, url: new URL(name, COMPILED) })),
    ...assets.map((name) => ({ name, url: new URL(name, SOURCES) })),
    { name: 'uplot.js', url: new URL(import.meta.resolve('uplot/dist/uPlot.iife.min.js')) },
    { name: 'uplot.css', url: new URL(import.meta.resolve('uplot/dist/uPlot.min.css')) },
  ];
  return new Map(sources.map(({ name, url }) => [name, answerOf(name, readFileSync(fileURLToPath(url), 'utf8'))]));
}

function answerOf(name: string, content: string): Answer {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  const tag = createHash('sha256').update(content).digest('base64url').slice(0, 22);
  return { status: 200, headers: { ...HEADERS, 'Content-Type': type }, chunks: [Buffer.from(content)], tag };
}

function plainText({ version, routes, isTokenNeeded }: PageOptions, address: string): string {
  const lines = routes.map(({ methods, path, isUpgrade }) => {
    const by = isUpgrade ? 'WebSocket' : methods.join(', ').padEnd(METHODS_WIDTH);
    return `${by} ${isUpgrade ? address.replace(/^http/, 'ws') : address}${path}`;
  });
  const token = isTokenNeeded ? "\n  -H 'authorization: Bearer <token>' \\" : '';
  return `headcount ${version}: a server for headless Chromium sessions that counts every one of them.
In a browser, this address is the live page.

${lines.join('\n')}

curl -X POST ${address}/screenshot -H 'content-type: application/json' \\${token}
  -d '{"url":"https://example.com"}' -o page.png
`;
}

/** The width of `GET, HEAD` and `POST, GET`. */
const METHODS_WIDTH = 9;
