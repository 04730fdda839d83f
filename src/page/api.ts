/**
 * The page's requests. They go by `fetch` to where the page was loaded from, with the token in a header and never in an
 * address. Nothing goes into the browser's cache.
 */

/** The server said no; `status` is HTTP's. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Api {
  /** @throws {Refused}; {TypeError} when there is no server. */
  json(path: string): Promise<unknown>;
  stream(path: string, signal: AbortSignal): Promise<ReadableStream<Bytes>>;
  /** Ends sessions: an id, or `all`. */
  kill(what: string): Promise<void>;
}

/** How a body is read. */
export type Bytes = Uint8Array<ArrayBuffer>;

const ANSWER_WAIT_MS_MAX = 15_000;

export function createApi(token: () => string | null): Api {
  const ask = async (path: string, signal: AbortSignal): Promise<Response> => {
    const given = token();
    const headers = { Accept: 'application/json', ...(given === null ? {} : { Authorization: bearer(given) }) };
    const response = await fetch(path, { headers, signal, cache: 'no-store' });
    if (!response.ok) throw new Refused(response.status, messageOf(await response.text()) ?? response.statusText);
    return response;
  };
  const soon = (path: string): Promise<Response> => ask(path, AbortSignal.timeout(ANSWER_WAIT_MS_MAX));
  return {
    async json(path) {
      return await (await soon(path)).json();
    },
    async stream(path, signal) {
      const { body } = await ask(path, signal);
      if (!body) throw new Error(`${path} has no body`);
      return body;
    },
    async kill(what) {
      await soon(`kill/${encodeURIComponent(what)}`);
    },
  };
}

/** In base64, because a header takes only Latin letters and a token may have others. */
function bearer(token: string): string {
  return `Bearer ${btoa(String.fromCharCode(...new TextEncoder().encode(token)))}`;
}

/** The message of a server's error. */
function messageOf(body: string): string | null {
  try {
    const { error }: { error?: { message?: unknown } } = JSON.parse(body);
    return typeof error?.message === 'string' ? error.message : null;
  } catch {
    return null;
  }
}
