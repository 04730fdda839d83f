/**
 * The line that says whether the numbers are live, and since when they are not. A live region: it changes when the
 * state does, not each second.
 */
import { find, say } from './elements.js';
import { clockWithSeconds } from './format.js';

type State = 'connecting' | 'live' | 'busy' | 'draining' | 'lost' | 'token';

const NOT_READY: Readonly<Record<string, { readonly state: State; readonly text: string }>> = {
  draining: { state: 'draining', text: 'Draining: takes no new sessions' },
  full: { state: 'busy', text: 'Live, and full: turns sessions away' },
  browser: { state: 'busy', text: 'Live, but without a browser' },
  starting: { state: 'busy', text: 'Live, the browsers are starting' },
};

interface StatusLine {
  show(state: State, text: string): void;
  /** Live, as far as the server is ready; `atMs` is its clock. */
  showLive(notReady: string | null, atMs: number): void;
}

export function createStatusLine(): StatusLine {
  const line = find('status', HTMLParagraphElement);
  const text = find('status-text', HTMLSpanElement);
  const asOf = find('as-of', HTMLParagraphElement);
  const main = find('main', HTMLElement);
  const show: StatusLine['show'] = (state, words) => {
    line.dataset['state'] = state;
    // Numbers that are not live are there to be read, but look like it.
    main.classList.toggle('stale', state === 'lost');
    say(text, words);
  };
  return {
    show,
    showLive(notReady, atMs) {
      const known = notReady === null ? { state: 'live' as const, text: 'Live' } : NOT_READY[notReady];
      show(known?.state ?? 'busy', known?.text ?? `Live, not ready: ${notReady}`);
      say(asOf, `as of ${clockWithSeconds(atMs)}`);
    },
  };
}
