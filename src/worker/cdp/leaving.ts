/**
 * Whether a page is on its way to another document, by itself or because it was sent there. Chromium tells of each step
 * on its own, and not of every step in every case. Worker thread.
 */
import type { Cdp } from './cdp.js';

/** How far it has come: a link, script or `<meta>` wants to go, the browser was asked, the browser has begun. */
type Step = 'scheduled' | 'asked' | 'started';

export interface Leaving {
  isSo(): boolean;
  /** All that was under way has ended. */
  stay(): void;
  onChange: () => void;
}

/** `mainFrame` gives the id of the frame that counts. */
export function watchLeaving(cdp: Cdp, mainFrame: () => string): Leaving {
  const steps = new Set<Step>();
  const change = (event: { readonly frameId: string }, ended: readonly Step[], begun?: Step): void => {
    if (event.frameId !== mainFrame()) return;
    for (const step of ended) steps.delete(step);
    if (begun) steps.add(begun);
    leaving.onChange();
  };

  // A navigation that is a second or more away may come when nobody looks at the page any more.
  cdp.on('Page.frameScheduledNavigation', (event) => change(event, [], event.delay < 1 ? 'scheduled' : undefined));
  // Comes also when nothing follows, as for `javascript:`. Otherwise it comes before the navigation begins.
  cdp.on('Page.frameClearedScheduledNavigation', (event) => change(event, ['scheduled']));
  cdp.on('Page.frameRequestedNavigation', (event) => {
    // The page tells this, and the browser tells the beginning; either may come first.
    const isNews = event.disposition === 'currentTab' && !steps.has('started');
    change(event, [], isNews ? 'asked' : undefined);
  });
  cdp.on('Page.frameStartedNavigating', (event) => {
    if (!/sameDocument/i.test(event.navigationType)) change(event, ['asked'], 'started');
  });
  // A form that is sent while its page loads was asked for before this event, and begins after it.
  cdp.on('Page.frameStoppedLoading', (event) => change(event, ['started']));

  const leaving: Leaving = { isSo: () => steps.size > 0, stay: () => steps.clear(), onChange: () => {} };
  return leaving;
}
