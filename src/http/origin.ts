/**
 * Keeps web pages of other sites from using the server through somebody's browser. It looks at foreign values of
 * `Origin` and `Sec-Fetch-Site`, and on loopback at a foreign `Host`, which DNS rebinding sends. CORS says what pages
 * of other origins may do nevertheless. Main thread.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { ServiceError } from '../failures.js';

export interface Gate {
  /** @throws {ServiceError} FORBIDDEN_ORIGIN. */
  check(request: GateRequest, route: { readonly isLinkable?: true }): void;
  /** The headers that CORS adds to an answer. */
  headersFor(request: GateRequest): Readonly<Record<string, string>>;
}

interface GateRequest {
  readonly method?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** What pages of other origins may do. */
export interface Cors {
  /** Their origins, or `*` for all. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  /** How long a browser may remember the answer. */
  readonly maxAgeS: number;
}

export interface GateOptions {
  /** Whether only this machine can reach the server. */
  readonly isOnLoopback: boolean;
  readonly isLoopback: (host: string) => boolean;
  readonly proxyUrl: URL | null;
  /** Null: they may do nothing. */
  readonly cors: Cors | null;
  /** Called once, with the first host that is refused. */
  readonly onForeignHost: (host: string) => void;
}

const OF_PAGES = ['code', 'ip', 'port', 'status', 'url'].map((name) => `x-response-${name}`).join(', ');
const EXPOSED = `ETag, Retry-After, Server-Timing, x-session-id, ${OF_PAGES}`;
/** The longest name that DNS allows, and a port. */
const HOST_SHOWN_MAX = 260;

export function createGate({ proxyUrl, cors, isLoopback, isOnLoopback, onForeignHost }: GateOptions): Gate {
  const isForAll = cors?.origins.includes('*') ?? false;
  let isForeignHostTold = false;

  const isOwnHost = (host: string): boolean =>
    !isOnLoopback ||
    host.toLowerCase() === proxyUrl?.host ||
    isLoopback(PLAIN.exec(host)?.[1] ?? '') ||
    isLoopback(hostname(host));

  const isOwnOrigin = (origin: string, host: string): boolean =>
    origin === proxyUrl?.origin || (URL.canParse(origin) && new URL(origin).host === host.toLowerCase());

  const isAllowed = (origin: string): boolean => isForAll || (cors?.origins.includes(origin) ?? false);

  const refuseHost = (host: string): never => {
    const shown = host.replace(/[^\x21-\x7e]/g, '?').slice(0, HOST_SHOWN_MAX);
    if (!isForeignHostTold) onForeignHost(shown);
    isForeignHostTold = true;
    const advice = 'behind a proxy, set PROXY_URL to the address that clients see';
    throw new ServiceError('FORBIDDEN_ORIGIN', `the Host header is ${shown || 'empty'}, which is not here: ${advice}`);
  };

  const setting = cors ? 'to be in CORS_ALLOW_ORIGIN' : 'ENABLE_CORS=true';

  return {
    check({ method, headers }, { isLinkable }) {
      const { host = '', origin } = headers;
      if (!isOwnHost(host)) refuseHost(host);
      if (origin !== undefined) {
        // `Origin` says more than `Sec-Fetch-Site`, which calls an allowed origin a foreign site as well.
        if (isOwnOrigin(origin, host) || isAllowed(origin)) return;
        const advice = 'behind a proxy, PROXY_URL has to be the address that clients see';
        const message = `requests from web pages of another origin need ${setting}; ${advice}`;
        throw new ServiceError('FORBIDDEN_ORIGIN', message);
      }
      if (isForAll) return;
      // Somebody follows a link. The answer is shown to that person, and the page with the link cannot read it.
      if (isLinkable && method === 'GET' && headers['sec-fetch-mode'] === 'navigate') return;
      // The request of an image or a form has no Origin, but browsers say what kind of site it comes from. Another port
      // of this host is another server's page, and only `same-site`.
      const site = headers['sec-fetch-site'];
      if (site === 'cross-site' || site === 'same-site') {
        throw new ServiceError('FORBIDDEN_ORIGIN', `requests from web pages of another site need ${setting}`);
      }
    },
    headersFor({ method, headers: { origin } }) {
      if (!cors) return {};
      // A cache must not give one origin's answer to another.
      const vary = isForAll ? {} : { Vary: 'Origin' };
      if (!isForAll && (origin === undefined || !isAllowed(origin))) return vary;
      return {
        ...vary,
        'Access-Control-Allow-Origin': isForAll ? '*' : (origin ?? ''),
        'Access-Control-Expose-Headers': EXPOSED,
        ...(method === 'OPTIONS' ? preflight(cors) : {}),
      };
    },
  };
}

function preflight({ methods, headers, maxAgeS }: Cors): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': headers.join(', '),
    'Access-Control-Max-Age': String(maxAgeS),
  };
}

/** Nearly all requests name a plain host, which need not be parsed as a URL. */
const PLAIN = /^([\w.-]+)(?::\d+)?$/;

function hostname(host: string): string {
  if (!URL.canParse(`http://${host}`)) return '';
  return new URL(`http://${host}`).hostname.replace(/^\[(.*)\]$/, '$1');
}
