/**
 * How the server does, in a word: whether the numbers are live, whether sessions end well, and since when not. The line
 * is a live region, so it changes only with the state. A pinned tab says the same by its title and icon.
 */
import { find, say } from './elements.js';
import { clockWithSeconds } from './format.js';
import { type Health, shareText } from './health.js';

type State = 'connecting' | 'live' | 'failing' | 'busy' | 'draining' | 'lost' | 'token';

const NOT_READY: Readonly<Record<string, { readonly state: State; readonly text: string }>> = {
  draining: { state: 'draining', text: 'Draining: takes no new sessions' },
  full: { state: 'busy', text: 'Live, and full: turns sessions away' },
  browser: { state: 'failing', text: 'Live, but without a browser' },
  starting: { state: 'busy', text: 'Live, the browsers are starting' },
};

const ICONS: Readonly<Record<State, string>> = {
  connecting: 'page/icon.svg',
  live: 'page/icon.svg',
  failing: 'page/icon-bad.svg',
  busy: 'page/icon-busy.svg',
  draining: 'page/icon-busy.svg',
  lost: 'page/icon-bad.svg',
  token: 'page/icon-busy.svg',
};

interface StatusLine {
  show(state: State, text: string): void;
  /** The stream is live. How the server does follows from the event; `atMs` is the server's clock. */
  showLive(notReady: string | null, health: Health, atMs: number): void;
  /** The server's name, for the title. */
  setHost(host: string): void;
}

export function createStatusLine(): StatusLine {
  const line = find('status', HTMLParagraphElement);
  const text = find('status-text', HTMLSpanElement);
  const healthLine = find('health', HTMLParagraphElement);
  const asOf = find('as-of', HTMLParagraphElement);
  const main = find('main', HTMLElement);
  const icon = find('icon', HTMLLinkElement);
  let host = '';
  const set = (state: State, words: string, title: string): void => {
    line.dataset['state'] = state;
    // Numbers that are not live stay readable, but look faded.
    main.classList.toggle('stale', state === 'lost');
    healthLine.classList.toggle('stale', state === 'lost');
    say(text, words);
    const parts = [title, host, 'headcount'].filter((part) => part !== '');
    // Only when they differ, because browsers draw the tab anew each time.
    if (document.title !== parts.join(' · ')) document.title = parts.join(' · ');
    if (icon.getAttribute('href') !== ICONS[state]) icon.setAttribute('href', ICONS[state]);
  };
  return {
    show: (state, words) => set(state, words, words),
    showLive(notReady, health, atMs) {
      const known = notReady === null ? trouble(health) : NOT_READY[notReady];
      const { state, text: words } = known ?? { state: 'busy', text: `Live, not ready: ${notReady}` };
      const failed = `${shareText(health.failedShare ?? 0)} failed`;
      const refused = `${shareText(health.refusedShare)} refused`;
      const title = health.isFailing ? failed : notReady !== null ? words : health.isRefusing ? refused : '';
      set(health.isFailing ? 'failing' : state, words, title);
      healthLine.dataset['state'] = health.isFailing ? 'failing' : 'live';
      say(healthLine, health.text);
      say(asOf, `as of ${clockWithSeconds(atMs)}`);
    },
    setHost(name) {
      host = name;
    },
  };
}

/** The state of a server that takes sessions. */
function trouble({ isFailing, isRefusing }: Health): { readonly state: State; readonly text: string } {
  if (isFailing) return { state: 'failing', text: 'Live, but sessions fail' };
  return isRefusing ? { state: 'busy', text: 'Live, but turns sessions away' } : { state: 'live', text: 'Live' };
}
