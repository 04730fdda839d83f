/**
 * The one door to playwright-core: attaches to a browser that main has started. Runs in a worker thread; the main
 * thread never loads this file, because importing playwright-core takes most of a second.
 */
import { type Browser, chromium, errors } from 'playwright-core';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import { type Connection, openConnection } from './connection.js';
import { openPipe } from './transport.js';

export interface Attachment {
  readonly browser: Browser;
  readonly connection: Connection;
}

/** `onPageCrash` is called once for each page whose renderer died. */
export async function attachBrowser(endpoint: PipeEndpoint, onPageCrash: () => void): Promise<Attachment> {
  const connection = openConnection(openPipe(endpoint), onPageCrash);
  return { browser: await chromium.connectOverCDP(connection.transport, { timeout: 30_000 }), connection };
}

export function isTimeout(error: unknown): boolean {
  return error instanceof errors.TimeoutError;
}
