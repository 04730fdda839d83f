/**
 * Looks for a Chromium until one is found, and again when that one has gone for good. Main thread.
 */
import { existsSync } from 'node:fs';
import { type Chromium, discoverChromium } from '../chromium/discover.js';
import type { Clock } from '../clock.js';
import type { Log } from '../log.js';

/**
 * An upgrade takes the file away for a moment. Another Chromium is looked for only when it has been gone for this long.
 */
const GONE_MS = 30_000;

/** Where to look. */
export interface Places {
  readonly homeDir: string;
  readonly cacheDir: string;
  /** Whether Chromium may run as another user, who has to reach what is in there. */
  readonly isForAll?: boolean;
  readonly playwrightBrowsersPath: string | undefined;
  readonly libraryPath: string | undefined;
}

export interface Finder {
  /** Looks once; after a failure, the next call looks again. Rejects with the reason. */
  get(): Promise<Chromium>;
  /** Of the Chromium that was found last; `unknown` before. */
  version(): string;
}

export function createFinder(options: {
  readonly setting: string | null;
  readonly places: Places;
  readonly clock: Clock;
  readonly log: Log;
}): Finder {
  const { log, places, clock } = options;
  let found: Chromium | null = null;
  let goneSinceMs: number | null = null;
  return {
    async get() {
      if (found && existsSync(found.path)) {
        goneSinceMs = null;
        return found;
      }
      if (found) {
        goneSinceMs ??= clock.monotonicMs();
        if (clock.monotonicMs() - goneSinceMs < GONE_MS) throw new Error(`${found.path} is not there any more`);
      }
      const { libraryPath, ...folders } = places;
      const chromium = await discoverChromium({
        ...folders,
        ...(libraryPath === undefined ? {} : { libraryPath }),
        setting: options.setting ?? undefined,
        progress: (message) => log.info(message),
      });
      if (chromium.origin === 'embedded') {
        log.warn(
          'the embedded Chromium trails security releases: install chromium-headless-shell, or set CHROMIUM_PATH',
        );
      }
      found = chromium;
      goneSinceMs = null;
      return chromium;
    },
    version: () => found?.version ?? 'unknown',
  };
}
