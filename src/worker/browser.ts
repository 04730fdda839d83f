/**
 * The one door to playwright-core: attaches to a browser that main has started. Runs in a worker thread; the main
 * thread never loads this file, because importing playwright-core takes most of a second.
 */
import { type Browser, chromium, errors } from 'playwright-core';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import { openPipeTransport } from './transport.js';

export async function attachBrowser(endpoint: PipeEndpoint): Promise<Browser> {
  return await chromium.connectOverCDP(openPipeTransport(endpoint), { timeout: 30_000 });
}

export function isTimeout(error: unknown): boolean {
  return error instanceof errors.TimeoutError;
}
