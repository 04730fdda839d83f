/**
 * The rival that users would write themselves: playwright-core, one launched browser, a context for each session. A
 * process of its own, started by `rival.ts`.
 */

import { chromium } from 'playwright-core';
import { launchOptions, produce } from './playwright-session.js';
import { readSetup, serveBatches } from './rival.js';

const setup = readSetup();
const browser = await chromium.launch(launchOptions(setup));

serveBatches(
  setup.slots,
  async (work, gotProduct) => {
    const context = await browser.newContext({ viewport: { width: 800, height: 600 } });
    await produce(context, work, gotProduct);
    await context.close();
  },
  () => void browser.close().finally(() => process.exit(0)),
);
