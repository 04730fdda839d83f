/**
 * Looks for a Chromium until one is found, and says which. Main thread.
 */
import { type Chromium, discoverChromium } from '../browsers/discover.js';
import type { Log } from '../log.js';

/** Where to look. */
export interface Places {
  readonly homeDir: string;
  readonly cacheDir: string;
  readonly playwrightBrowsersPath: string | undefined;
  readonly libraryPath: string | undefined;
}

export interface Finder {
  /** Looks once, and again at the next call when there was none. Rejects with the reason. */
  get(): Promise<Chromium>;
  /** `unknown` while there is none. */
  version(): string;
}

export function createFinder(options: {
  readonly setting: string | null;
  readonly places: Places;
  readonly isSandboxed: boolean;
  readonly log: Log;
}): Finder {
  const { log, places, isSandboxed } = options;
  let found: Chromium | null = null;
  return {
    async get() {
      if (found) return found;
      const { libraryPath, ...folders } = places;
      const chromium = await discoverChromium({
        ...folders,
        ...(libraryPath === undefined ? {} : { libraryPath }),
        setting: options.setting ?? undefined,
        progress: (message) => log.info(message),
      });
      const { path, version, origin } = chromium;
      log.info({ path, version, origin, sandbox: isSandboxed }, 'Chromium');
      if (!isSandboxed) log.warn('running as root, so Chromium runs without its sandbox');
      if (origin === 'embedded') {
        log.warn(
          'the embedded Chromium trails security releases: install chromium-headless-shell, or set CHROMIUM_PATH',
        );
      }
      found = chromium;
      return chromium;
    },
    version: () => found?.version ?? 'unknown',
  };
}
