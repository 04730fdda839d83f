/**
 * The one door to playwright-core. Attaches to a browser that main has started, and attaches Playwright to the same
 * pipe when a session first needs it: its code is most of what a worker holds, and most sessions do without. Runs in a
 * worker thread; the main thread never loads this file.
 */
import type { Browser } from 'playwright-core';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import { type Connection, openConnection } from './cdp/connection.js';
import { openPipe } from './cdp/transport.js';
import { keepCode } from './code-cache.js';

/** New targets are paused, so that the context's owner hears of them before they run. Playwright does the same. */
const TO_ALL_THAT_IS_NEW = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true };
/** Longer than any session waits for it. */
const ATTACH_LIMIT_MS = 120_000;

export interface Attachment {
  readonly connection: Connection;
  /** Attaches Playwright too, the first time. Rejects when it cannot. */
  readonly playwright: () => Promise<Browser>;
}

/**
 * `onPageCrash` is called once for each page whose renderer died; `onLoading` before and after Playwright's code is
 * loaded, which holds up the thread.
 * @throws {Error} when it cannot be attached to; nothing is left open.
 */
export async function attachBrowser(
  endpoint: PipeEndpoint,
  onPageCrash: () => void,
  onLoading: (isLoading: boolean) => void,
): Promise<Attachment> {
  const connection = openConnection(openPipe(endpoint), onPageCrash);
  let attaching: Promise<Browser> | null = null;
  const playwright = (): Promise<Browser> => {
    attaching ??= attachPlaywright(connection, endpoint, onLoading);
    return attaching;
  };
  try {
    await connection.cdp.send('Target.setAutoAttach', TO_ALL_THAT_IS_NEW);
    return { connection, playwright };
  } catch (error) {
    await connection.transport.close?.();
    throw error;
  }
}

async function attachPlaywright(
  { transport, lost }: Connection,
  { artifactsDir }: PipeEndpoint,
  onLoading: (isLoading: boolean) => void,
): Promise<Browser> {
  onLoading(true);
  const { chromium } = await import('playwright-core').catch(endThread);
  keepCode();
  onLoading(false);
  // Playwright would wait for ever on a pipe that had ended before.
  if (lost.hasHappened()) throw new Error('Target closed: the browser is gone');
  // Playwright's files are in the browser's own folder, so they go with it, however this thread ends.
  return await chromium.connectOverCDP(transport, { timeout: ATTACH_LIMIT_MS, artifactsDir });
}

/** Node.js keeps a failure to load for as long as the thread lives, so only another thread can do better. */
function endThread(error: unknown): never {
  setImmediate(() => {
    throw error;
  });
  throw error;
}

/** Told by its name, so that Playwright's class need not be loaded. Only Playwright's errors have this name. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
