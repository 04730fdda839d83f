/**
 * Whether a page is on its way to another document, by itself or because it was sent there. Chromium tells of each step
 * apart, and not of each in every case. Worker thread.
 */
import type { Cdp } from './cdp.js';

/** How far it has come: a link, script or `<meta>` wants it, the browser was asked, and has begun. */
type Step = 'scheduled' | 'asked' | 'started';

export interface Leaving {
  isSo(): boolean;
  /** Whatever was under way has ended. */
  stay(): void;
  onChange: () => void;
}

/** `mainFrame` is the id of the frame that counts. */
export function watchLeaving(cdp: Cdp, mainFrame: () => string): Leaving {
  const steps = new Set<Step>();
  const change = (event: { readonly frameId: string }, ended: readonly Step[], begun?: Step): void => {
    if (event.frameId !== mainFrame()) return;
    for (const step of ended) steps.delete(step);
    if (begun) steps.add(begun);
    leaving.onChange();
  };

  // One that is a second away or more may be later than anybody looks at the page.
  cdp.on('Page.frameScheduledNavigation', (event) => change(event, [], event.delay < 1 ? 'scheduled' : undefined));
  // Told also of one that comes to nothing, such as `javascript:`; of others it is told before they begin.
  cdp.on('Page.frameClearedScheduledNavigation', (event) => change(event, ['scheduled']));
  cdp.on('Page.frameRequestedNavigation', (event) => {
    // The page tells of it, and the browser of the beginning: either may come first.
    const isNews = event.disposition === 'currentTab' && !steps.has('started');
    change(event, [], isNews ? 'asked' : undefined);
  });
  cdp.on('Page.frameStartedNavigating', (event) => {
    if (!/sameDocument/i.test(event.navigationType)) change(event, ['asked'], 'started');
  });
  // A form that is sent while its page loads has been asked for by now, and is begun afterwards.
  cdp.on('Page.frameStoppedLoading', (event) => change(event, ['started']));

  const leaving: Leaving = { isSo: () => steps.size > 0, stay: () => steps.clear(), onChange: () => {} };
  return leaving;
}
