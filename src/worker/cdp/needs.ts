/**
 * Which of a page's events nobody here needs: a page can tell a million of them a second. Read off their bytes. Pure.
 */
import { methodOf } from './peek.js';

/**
 * Neither Playwright nor we do anything with them. What a page logs is the most that it can tell, and may be as large
 * as its memory.
 */
const NOBODYS: ReadonlySet<string> = new Set(['Runtime.consoleAPICalled', 'Log.entryAdded', 'Network.dataReceived']);

/** Of these a page has only so many: each costs Chromium's one pipe as much as an answer that others wait for. */
export function isLogged(method: string): boolean {
  return method === 'Runtime.consoleAPICalled' || method === 'Log.entryAdded';
}

/** `start`: of a frame, more than its method. */
export function isNobodys(start: Buffer): boolean {
  return NOBODYS.has(methodOf(start) ?? '');
}

const RESPONSE = 'Network.responseReceived';
const OF_DOCUMENT = Buffer.from('"type":"Document"');

/** An event to a session whose listeners are known: they want it only if they are there, and answers only to pages. */
export function isWanted(frame: Buffer, method: string, listenerCount: number): boolean {
  return listenerCount > 0 && (method !== RESPONSE || frame.includes(OF_DOCUMENT));
}
