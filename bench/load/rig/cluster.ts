/**
 * The rival from the field: puppeteer-cluster with a context for each session and its own queue, over puppeteer-core. A
 * process of its own, started by `rival.ts`.
 */

import puppeteer, { type Page } from 'puppeteer';
import { Cluster } from 'puppeteer-cluster';
import { type Batch, type Kind, readSetup, serveBatches } from './rival.js';

interface Work extends Batch {
  readonly gotProduct: (bytes: number) => void;
}

const { chromiumPath, chromiumEnv, slots } = readSetup();
const cluster: Cluster<Work, void> = await Cluster.launch({
  concurrency: Cluster.CONCURRENCY_CONTEXT,
  maxConcurrency: slots,
  puppeteer,
  puppeteerOptions: {
    executablePath: chromiumPath,
    env: { ...process.env, ...chromiumEnv },
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    handleSIGTERM: false,
  },
});

const PRODUCE: Readonly<Record<Kind, (page: Page) => Promise<{ readonly length: number }>>> = {
  // With the encoding that ours asks for.
  screenshot: (page) => page.screenshot({ optimizeForSpeed: true }),
  pdf: (page) => page.pdf(),
  content: (page) => page.content(),
};

serveBatches(
  null,
  (batch, gotProduct) =>
    cluster.execute({ ...batch, gotProduct }, async ({ page, data: { kind, pageUrl, gotProduct: got } }) => {
      await page.goto(pageUrl);
      got((await PRODUCE[kind](page)).length);
    }),
  () => void cluster.close().finally(() => process.exit(0)),
);
