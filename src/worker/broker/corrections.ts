/**
 * What Chromium cannot know of a client's pages, put right in what it tells: which address was dialled, and why a
 * connection was refused (`../way-out.ts` has it for jobs). In: frames for the client, on their way; out: the same
 * bytes, or those few in which the exit shows, written anew. Runs in a worker thread.
 */
import type { Fate } from '../../protocol/egress.js';
import { requestOf } from '../cdp/peek.js';
import type { Exit } from '../egress.js';
import type { Request } from './request.js';

export interface Corrections {
  /** A command of the client's goes to a session. */
  asked(request: Request): void;
  /** `method` of an event, undefined of an answer; `exit`: by which the session's context leaves. Must not throw. */
  corrected(frame: Buffer, method: string | undefined, exit: Exit | undefined): Buffer | string;
}

/** Larger ones are bodies and pictures, in which nothing is looked for. */
const SEARCHED_BYTES_MAX = 64 * 2 ** 10;
/** Of requests and navigations of one client, the latest. */
const ORIGINS_MAX = 2_000;
const REFUSED = 'net::ERR_SOCKS_CONNECTION_FAILED';
const ANNOUNCING: ReadonlySet<string | undefined> = new Set(['Network.requestWillBeSent', 'Network.webSocketCreated']);

/** What is read of a frame in which the exit shows. */
interface Told {
  readonly id: number;
  readonly sessionId: string;
  readonly result: { readonly loaderId?: string; errorText?: unknown };
  readonly params: {
    readonly requestId: string;
    errorText: string;
    errorMessage: string;
    readonly entry: { readonly source: string; readonly url?: string; text: string };
    readonly response: Response;
    readonly redirectResponse?: Response;
  };
}

interface Response {
  readonly url: string;
  remoteIPAddress?: string | undefined;
  remotePort?: number | undefined;
}

/** What is known outside Chromium. */
interface Known {
  ofUrl(url: string | undefined): Fate | null;
  /** By the id of a request. */
  ofRequest(id: string | undefined): Fate | null;
  /** Where it is without correction. */
  readonly port: number;
}

/** By methods, undefined for answers: puts it right; false when there was nothing. */
const PLACES: ReadonlyMap<string | undefined, (told: Told, known: Known) => boolean> = new Map([
  [
    undefined,
    ({ id, sessionId, result }, { ofRequest }) => {
      // Of `Page.navigate`; what a page has said has another place.
      if (result?.errorText !== REFUSED) return false;
      result.errorText = reasoned(REFUSED, ofRequest(result.loaderId) ?? ofRequest(commandKey(sessionId, id)));
      return true;
    },
  ],
  [
    'Network.loadingFailed',
    ({ params }, { ofRequest }) => {
      params.errorText = reasoned(params.errorText, ofRequest(params.requestId));
      return true;
    },
  ],
  [
    'Network.webSocketFrameError',
    ({ params }, { ofRequest }) => {
      params.errorMessage = reasoned(params.errorMessage, ofRequest(params.requestId));
      return true;
    },
  ],
  [
    'Log.entryAdded',
    ({ params: { entry } }, { ofUrl }) => {
      if (entry.source !== 'network') return false;
      entry.text = reasoned(entry.text, ofUrl(entry.url));
      return true;
    },
  ],
  ['Network.responseReceived', ({ params }, known) => locate(params.response, known)],
  ['Network.requestWillBeSent', ({ params }, known) => locate(params.redirectResponse, known)],
]);

export function createCorrections(): Corrections {
  /** Scheme, host and port, by the id of a request, or of a command to go there. */
  const origins = new Map<string, string>();
  const remember = (key: string, origin: string): void => {
    origins.delete(key);
    origins.set(key, origin);
    const [oldest] = origins.keys();
    if (origins.size > ORIGINS_MAX && oldest !== undefined) origins.delete(oldest);
  };

  return {
    asked({ id, method, params, sessionId = '' }) {
      if (method !== 'Page.navigate' || typeof params['url'] !== 'string' || !URL.canParse(params['url'])) return;
      remember(commandKey(sessionId, id), new URL(params['url']).origin);
    },
    corrected(frame, method, exit) {
      const request = ANNOUNCING.has(method) ? requestOf(frame) : undefined;
      if (request) remember(request.requestId, request.origin);
      const place = PLACES.get(method);
      if (!place || !exit || frame.length > SEARCHED_BYTES_MAX) return frame;
      const { port, fate } = exit;
      if (!frame.includes(REFUSED) && !frame.includes(`"remotePort":${port}`)) return frame;
      const ofUrl = (url = ''): Fate | null => (URL.canParse(url) ? fate(url) : null);
      const ofRequest = (id = ''): Fate | null => ofUrl(origins.get(id));
      const told: Told = JSON.parse(frame.toString('utf8'));
      return place(told, { ofUrl, ofRequest, port }) ? JSON.stringify(told) : frame;
    },
  };
}

/** With what Chromium would have said, had it dialled itself. */
function reasoned(text: string, fate: Fate | null): string {
  return fate?.kind === 'refused' ? text.replace(REFUSED, fate.netError) : text;
}

/** Without an address, when nobody knows it: that of the exit is wrong. */
function locate(response: Response | undefined, { ofUrl, port }: Known): boolean {
  if (response?.remotePort !== port) return false;
  const fate = ofUrl(response.url);
  const isDialled = fate?.kind === 'dialled';
  response.remoteIPAddress = isDialled ? bracketed(fate.address) : undefined;
  response.remotePort = isDialled ? fate.port : undefined;
  return true;
}

/** As Chromium writes those of IPv6. */
function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function commandKey(sessionId: string, id: number): string {
  return `${sessionId} ${id}`;
}
