/**
 * Chromium sees only the exit: it cannot know which address was dialled, or why a connection was refused. Here both are
 * put right in frames for a client, as `../way-out.ts` does for jobs. In: frames on their way; out: the same bytes,
 * save for the few frames in which the exit shows, which are written anew. Runs in a worker thread.
 */
import type { Fate } from '../../protocol/egress.js';
import { requestOf } from '../cdp/peek.js';
import type { Exit } from '../egress.js';
import type { Request } from './request.js';

export interface Corrections {
  /** To be called with each command that goes to a session. */
  asked(request: Request): void;
  /** `method` is an event's, undefined for an answer; `exit` is that of the session's context. Never throws. */
  corrected(frame: Buffer, method: string | undefined, exit: Exit | undefined): Buffer | string;
}

/** Larger frames are bodies and pictures, and are not searched. */
const SEARCHED_BYTES_MAX = 64 * 2 ** 10;
/** How many requests and navigations of one client are remembered, the latest ones. */
const ORIGINS_MAX = 2_000;
const REFUSED = 'net::ERR_SOCKS_CONNECTION_FAILED';
const ANNOUNCING: ReadonlySet<string | undefined> = new Set(['Network.requestWillBeSent', 'Network.webSocketCreated']);

/** The parts of a frame in which the exit shows. */
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

/** What the server knows and Chromium does not. */
interface Known {
  ofUrl(url: string | undefined): Fate | null;
  /** The fate of a request, by its id. */
  ofRequest(id: string | undefined): Fate | null;
  /** The exit's port, which shows in a frame that is to be corrected. */
  readonly port: number;
}

/** Correctors by method, undefined for answers. Each changes what it is given, or returns false. */
const PLACES: ReadonlyMap<string | undefined, (told: Told, known: Known) => boolean> = new Map([
  [
    undefined,
    ({ id, sessionId, result }, { ofRequest }) => {
      // Only an answer to `Page.navigate` has it here: what a page says is in another place.
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
  /** Scheme, host and port, by the id of a request or of the command that navigates. */
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

/** Writes the error that Chromium would have told, had it dialled itself. */
function reasoned(text: string, fate: Fate | null): string {
  return fate?.kind === 'refused' ? text.replace(REFUSED, fate.netError) : text;
}

/** Leaves the address out when nobody knows it, because the exit's would be wrong. */
function locate(response: Response | undefined, { ofUrl, port }: Known): boolean {
  if (response?.remotePort !== port) return false;
  const fate = ofUrl(response.url);
  const isDialled = fate?.kind === 'dialled';
  response.remoteIPAddress = isDialled ? bracketed(fate.address) : undefined;
  response.remotePort = isDialled ? fate.port : undefined;
  return true;
}

/** Chromium writes IPv6 addresses in brackets. */
function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function commandKey(sessionId: string, id: number): string {
  return `${sessionId} ${id}`;
}
