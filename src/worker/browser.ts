/**
 * The one door to playwright-core: attaches to a browser that main has started. Runs in a worker thread; the main
 * thread never loads this file, because importing playwright-core takes most of a second.
 */
import { type Browser, chromium, errors } from 'playwright-core';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import { type Connection, openConnection } from './cdp/connection.js';
import { openPipe } from './cdp/transport.js';

/** Main gives up sooner, and ends the browser. */
const ATTACH_LIMIT_MS = 120_000;

export interface Attachment {
  readonly browser: Browser;
  readonly connection: Connection;
}

/**
 * `onPageCrash` is called once for each page whose renderer died.
 * @throws {Error} when it cannot be attached to; nothing is left open.
 */
export async function attachBrowser(endpoint: PipeEndpoint, onPageCrash: () => void): Promise<Attachment> {
  const connection = openConnection(openPipe(endpoint), onPageCrash);
  try {
    // What Playwright keeps of a browser goes with that browser's own folder, however this thread ends.
    const options = { timeout: ATTACH_LIMIT_MS, artifactsDir: endpoint.artifactsDir };
    return { browser: await chromium.connectOverCDP(connection.transport, options), connection };
  } catch (error) {
    await connection.transport.close?.();
    throw error;
  }
}

export function isTimeout(error: unknown): boolean {
  return error instanceof errors.TimeoutError;
}
