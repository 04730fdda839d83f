/**
 * What a frame is about, read from its bytes: most of what a busy page causes is of use to nobody and need not be
 * parsed. Chromium writes `{"method":"…","params":{…},"sessionId":"…"}` and `{"id":…,"result":{…},"sessionId":"…"}`.
 * Pure.
 */

const METHOD = Buffer.from('{"method":"');
const ID = Buffer.from('{"id":');
const SESSION = Buffer.from(',"sessionId":"');
const SESSION_ID_BYTES = 32;
const TAIL_BYTES = SESSION.length + SESSION_ID_BYTES + '"}'.length;
const QUOTE = '"'.charCodeAt(0);
/** Longer than any method. */
const METHOD_BYTES_MAX = 100;

const URL_KEY = Buffer.from('"url":"');
const URL_WITHIN_BYTES = 64 * 2 ** 10;
/** A host has at most 253 bytes, and a name and a password may come before it. */
const ORIGIN_BYTES_MAX = 512;

/** So many bytes at either end say all that is needed. */
export const ENDS_BYTES = 256;

/** The method of an event; undefined for an answer, or when the frame is written in another way. */
export function methodOf(frame: Buffer): string | undefined {
  if (!startsWith(frame, METHOD)) return undefined;
  const end = frame.indexOf(QUOTE, METHOD.length);
  return end === -1 || end > METHOD_BYTES_MAX ? undefined : frame.toString('latin1', METHOD.length, end);
}

/** The id of an answer. */
export function idOf(frame: Buffer): number | undefined {
  if (!startsWith(frame, ID)) return undefined;
  const id = Number.parseInt(frame.toString('latin1', ID.length, ID.length + 12), 10);
  return Number.isNaN(id) ? undefined : id;
}

/** Undefined for what the browser as a whole tells. */
export function sessionIdOf(frame: Buffer): string | undefined {
  const at = frame.length - TAIL_BYTES;
  if (at < 0 || frame.compare(SESSION, 0, SESSION.length, at, at + SESSION.length) !== 0) return undefined;
  return frame.toString('latin1', at + SESSION.length, at + SESSION.length + SESSION_ID_BYTES);
}

/**
 * The request that `event` is about, which is the first event with its URL. Undefined when the URL leads nowhere
 * outside.
 */
export function requestOf(event: Buffer): { readonly requestId: string; readonly origin: string } | undefined {
  const [, requestId] = /"params":\{"requestId":"([^"]+)"/.exec(event.toString('latin1', 0, ENDS_BYTES)) ?? [];
  // Within a string, the quotes of the key would have backslashes. What comes behind the URL may be large, such as a
  // posted body.
  const at = event.subarray(0, URL_WITHIN_BYTES).indexOf(URL_KEY) + URL_KEY.length;
  const [origin] = /^(?:http|ws)s?:\/\/[^/?#"\\]+/.exec(event.toString('latin1', at, at + ORIGIN_BYTES_MAX)) ?? [];
  return requestId === undefined || origin === undefined ? undefined : { requestId, origin };
}

/** The session that an event about targets is about: the first entry of its `params`. */
export function subjectOf(frame: Buffer, method: string): string | undefined {
  const start = METHOD.length + method.length;
  const [, sessionId] = /^","params":\{"sessionId":"([^"]+)"/.exec(frame.toString('latin1', start, start + 80)) ?? [];
  return sessionId;
}

function startsWith(frame: Buffer, start: Buffer): boolean {
  return frame.length >= start.length && frame.compare(start, 0, start.length, 0, start.length) === 0;
}
