/**
 * A real Chromium, started as the server starts it.
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { type BrowserProcess, spawnBrowser } from '../../src/browsers/spawn.js';
import { discoverChromium } from '../../src/chromium/discover.js';

export async function startChromium(tempDir: string, isOutOfMemory = false): Promise<BrowserProcess> {
  const chromium = await discoverChromium({
    homeDir: homedir(),
    cacheDir: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'headcount'),
    playwrightBrowsersPath: process.env['PLAYWRIGHT_BROWSERS_PATH'],
    progress: () => {},
    setting: undefined,
  });
  return await spawnBrowser({
    chromium,
    isSandboxed: process.getuid?.() !== 0,
    tempDir,
    environment: { PATH: process.env['PATH'] ?? '' },
    authorities: null,
    isOutOfMemory: () => isOutOfMemory,
  });
}
