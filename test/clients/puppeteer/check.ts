/**
 * What a check of Puppeteer is. It is done with a browser of the client's own and with the server's.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { deadline } from '../../deadline.js';
import type { Site } from '../site.js';

export const WAIT_MS = 15_000;

export interface Given {
  readonly browser: Browser;
  readonly site: Site;
  /** The site's own, `http://127.0.0.1:<port>`. */
  readonly origin: string;
}

export type Check = (given: Given) => Promise<void>;
export type Checks = Readonly<Record<string, Check>>;

export async function pageOf(browser: Browser, url?: string): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(WAIT_MS);
  if (url !== undefined) await page.goto(url);
  return page;
}

export function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  return deadline(promise, WAIT_MS, what);
}

/** Width and height. */
export function pngSize(bytes: Uint8Array): [width: number, height: number] {
  const png = Buffer.from(bytes);
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

/** A folder that is removed afterwards. */
export async function withFolder(use: (path: string) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'headcount-clients-'));
  try {
    await use(path);
  } finally {
    rmSync(path, { recursive: true });
  }
}
