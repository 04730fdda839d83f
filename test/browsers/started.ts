/**
 * A real Chromium, started as the server starts it.
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { cagesFor } from '../../src/browsers/cage.js';
import { type BrowserProcess, spawnBrowser } from '../../src/browsers/spawn.js';
import { discoverChromium } from '../../src/chromium/discover.js';

const MEANS = { isInSession: true, isBatch: true };
/** Where tests run, the best cage works. */
export const [CAGE = { uid: null, isSandboxed: false, ...MEANS }] = cagesFor(process.getuid?.(), [], MEANS);

export async function startChromium(tempDir: string, isOutOfMemory = false, cage = CAGE): Promise<BrowserProcess> {
  const chromium = await discoverChromium({
    homeDir: homedir(),
    cacheDir: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'headcount'),
    playwrightBrowsersPath: process.env['PLAYWRIGHT_BROWSERS_PATH'],
    progress: () => {},
    setting: undefined,
  });
  return await spawnBrowser({
    chromium,
    cage,
    deadEndPort: 9,
    tempDir,
    environment: { PATH: process.env['PATH'] ?? '' },
    authorities: null,
    isOutOfMemory: () => isOutOfMemory,
  });
}
