/**
 * Which events of a page nobody here needs. A page can cause a million of them a second, so this is read from their
 * bytes. Pure.
 */
import { methodOf } from './peek.js';

/**
 * Neither Playwright nor we use these. What a page logs is the most that it can cause, and one line may be as large as
 * its memory.
 */
const NOBODYS: ReadonlySet<string> = new Set(['Runtime.consoleAPICalled', 'Log.entryAdded', 'Network.dataReceived']);

/**
 * A page may log only so many lines, because each takes as much of Chromium's one pipe as an answer for which others
 * wait.
 */
export function isLogged(method: string): boolean {
  return method === 'Runtime.consoleAPICalled' || method === 'Log.entryAdded';
}

/** `start`: the first bytes of a frame, at least its method. */
export function isNobodys(start: Buffer): boolean {
  return NOBODYS.has(methodOf(start) ?? '');
}

const RESPONSE = 'Network.responseReceived';
const OF_DOCUMENT = Buffer.from('"type":"Document"');

/**
 * Whether a session with so many listeners wants this event. Without listeners nobody does. Of answers, only those to
 * requests for documents are wanted.
 */
export function isWanted(frame: Buffer, method: string, listenerCount: number): boolean {
  return listenerCount > 0 && (method !== RESPONSE || frame.includes(OF_DOCUMENT));
}
