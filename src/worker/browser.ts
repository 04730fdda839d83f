/**
 * The one door to playwright-core: attaches to a browser that main has started, and Playwright to the same pipe when a
 * session first needs it, since its code is most of what a worker holds, and most sessions do without. Runs in a worker
 * thread; the main thread never loads this file.
 */
import type { Browser } from 'playwright-core';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import { type Connection, openConnection } from './cdp/connection.js';
import { openPipe } from './cdp/transport.js';
import { keepCode } from './code-cache.js';

/** Paused, so that whoever has its context is told before it does anything. As Playwright does, when it comes. */
const TO_ALL_THAT_IS_NEW = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true };
/** Whoever waits for it gives up sooner. */
const ATTACH_LIMIT_MS = 120_000;

export interface Attachment {
  readonly connection: Connection;
  /** Attaches Playwright, too, the first time; for those who need it. Rejects when it cannot. */
  readonly playwright: () => Promise<Browser>;
}

/**
 * `onPageCrash` is called once for each page whose renderer died.
 * @throws {Error} when it cannot be attached to; nothing is left open.
 */
export async function attachBrowser(endpoint: PipeEndpoint, onPageCrash: () => void): Promise<Attachment> {
  const connection = openConnection(openPipe(endpoint), onPageCrash);
  let attaching: Promise<Browser> | null = null;
  const playwright = (): Promise<Browser> => {
    attaching ??= attachPlaywright(connection, endpoint);
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

async function attachPlaywright({ transport, lost }: Connection, { artifactsDir }: PipeEndpoint): Promise<Browser> {
  const { chromium } = await import('playwright-core').catch(endThread);
  keepCode();
  // It would wait for a pipe that has ended before it came.
  if (lost.hasHappened()) throw new Error('Target closed: the browser is gone');
  // What Playwright keeps of a browser goes with that browser's own folder, however this thread ends.
  return await chromium.connectOverCDP(transport, { timeout: ATTACH_LIMIT_MS, artifactsDir });
}

/** Node.js keeps a failure to load for as long as the thread lives: only another can do better. */
function endThread(error: unknown): never {
  setImmediate(() => {
    throw error;
  });
  throw error;
}

/** By its name, so that its class need not be loaded: only Playwright's have it. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
