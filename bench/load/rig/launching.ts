/**
 * The rival that isolates by brute force: playwright-core with a browser that is launched for each session and closed
 * after it. A process of its own, started by `rival.ts`.
 */

import { chromium } from 'playwright-core';
import { launchOptions, produce } from './playwright-session.js';
import { readSetup, serveBatches } from './rival.js';

const setup = readSetup();

serveBatches(
  setup.slots,
  async (work, gotProduct) => {
    const browser = await chromium.launch(launchOptions(setup));
    try {
      await produce(await browser.newContext({ viewport: { width: 800, height: 600 } }), work, gotProduct);
    } finally {
      await browser.close();
    }
  },
  () => process.exit(0),
);
