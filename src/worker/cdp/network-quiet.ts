/**
 * Tells when a page's network has been quiet for half a second. Chromium tells it once a document, so not for a
 * document that is written over another; for that one it is found out here. Worker thread.
 */
import type { Clock } from '../../clock.js';
import type { Cdp } from './cdp.js';

/** As in Chromium and Puppeteer. */
const QUIET_MS = 500;

export interface NetworkQuiet {
  /** Resolves when at most `requestsMax` requests were under way for half a second, counted from now. */
  reached(requestsMax: number): Promise<void>;
}

export function watchNetwork(cdp: Cdp, clock: Clock): NetworkQuiet {
  const underWay = new Set<string>();
  let changed = (): void => {};
  // A redirect begins again under the same id.
  cdp.on('Network.requestWillBeSent', ({ requestId }) => {
    underWay.add(requestId);
    changed();
  });
  const ended = ({ requestId }: { readonly requestId: string }): void => {
    underWay.delete(requestId);
    changed();
  };
  cdp.on('Network.loadingFinished', ended);
  cdp.on('Network.loadingFailed', ended);
  return {
    reached: (requestsMax) =>
      new Promise((resolve) => {
        let cancel: (() => void) | null = null;
        changed = () => {
          const isQuiet = underWay.size <= requestsMax;
          if (isQuiet) cancel ??= clock.after(QUIET_MS, resolve);
          else {
            cancel?.();
            cancel = null;
          }
        };
        changed();
      }),
  };
}
