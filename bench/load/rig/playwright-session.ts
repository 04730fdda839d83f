/**
 * One session over playwright-core, as its documentation shows it, for the rivals that use it.
 */

import type { BrowserContext, LaunchOptions, Page } from 'playwright-core';
import type { Batch, Kind, RivalSetup } from './rival.js';

export function launchOptions({ chromiumPath, chromiumEnv }: RivalSetup): LaunchOptions {
  return {
    executablePath: chromiumPath,
    env: { ...process.env, ...chromiumEnv },
    chromiumSandbox: process.getuid?.() !== 0,
    handleSIGTERM: false,
  };
}

const PRODUCE: Readonly<Record<Kind, (page: Page) => Promise<Buffer>>> = {
  screenshot: (page) => page.screenshot(),
  pdf: (page) => page.pdf(),
  content: async (page) => Buffer.from(await page.content()),
};

export async function produce(
  context: BrowserContext,
  { kind, pageUrl }: Batch,
  gotProduct: (bytes: number) => void,
): Promise<void> {
  const page = await context.newPage();
  await page.goto(pageUrl);
  gotProduct((await PRODUCE[kind](page)).length);
}
