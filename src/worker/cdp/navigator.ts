/**
 * Brings a page to a URL or to given HTML, and waits until it has loaded. Over CDP, for Playwright's pages and our own
 * alike, so both answer the same. Puppeteer's words (`networkidle0` …) are Chromium's own events with Puppeteer's
 * meaning. A page that goes on to another by itself is followed. Worker thread.
 */
import type { Clock } from '../../clock.js';
import { ServiceError } from '../../failures.js';
import type { NavigationAnswer } from '../../protocol/job.js';
import type { PageBody, ReferrerPolicy, WaitUntilName } from '../../protocol/jobs/page-body.js';
import { type End, type Ending, isWithin, limit, waitFor } from '../../wait.js';
import type { Cdp } from './cdp.js';
import { EVENTS, IDLE, PARSED, watchDocument } from './document.js';
import { watchNetwork } from './network-quiet.js';

/** A page counts as idle with so many requests under way. */
const QUIET: Readonly<Record<string, number>> = { [EVENTS.networkidle0]: 0, [EVENTS.networkidle2]: 2 };
/**
 * The page was answered with an error and no body. Chromium shows a page of its own for that, and calls it a failure.
 */
const ERROR_PAGE = 'net::ERR_HTTP_RESPONSE_CODE_FAILURE';

/** When a page goes on to another after it has loaded, that one has this long to load. Then it is taken as it is. */
const FOLLOW_LIMIT_MS = 5_000;

/** Chromium's names for them. */
const POLICIES = {
  'no-referrer': 'noReferrer',
  'no-referrer-when-downgrade': 'noReferrerWhenDowngrade',
  origin: 'origin',
  'origin-when-cross-origin': 'originWhenCrossOrigin',
  'same-origin': 'sameOrigin',
  'strict-origin': 'strictOrigin',
  'strict-origin-when-cross-origin': 'strictOriginWhenCrossOrigin',
  'unsafe-url': 'unsafeUrl',
} as const satisfies Readonly<Record<ReferrerPolicy, string>>;

/** How many documents may come before one has loaded: as many as Chromium follows redirects. */
const DOCUMENTS_MAX = 20;

/** Chromium needs a moment until the next document is in place. */
const RETRY_MS = 20;

type Load = Pick<PageBody, 'gotoOptions' | 'bestAttempt'>;

export interface Navigator {
  goto(url: string, load: Load): Promise<void>;
  /** `first` is a script that runs before the HTML's own scripts. */
  setContent(html: string, load: Load, first?: string): Promise<void>;
  /** Follows the page when it goes on to another. Resolves when a document stays for now. */
  settle(): Promise<void>;
  /** Whether the document on which it has settled is gone. */
  hasGone(): boolean;
  /** Another document has taken the place of the present one. */
  readonly replaced: End;
  /** Whether another document is about to come. */
  isLeaving(): boolean;
  /** How the present document was answered; null when no server was asked, as for `data:` and `about:`. */
  answer(): NavigationAnswer | null;
  /** The URL, after all redirects, at which the page was last led to nobody; null: it is somewhere, or gone. */
  unreachable(): Promise<string | null>;
  /** Called with the status of the page's own document, whenever it changes. */
  onAnswer: (status: number) => void;
  /** Of its page; the same as the id of its main frame. */
  readonly targetId: string;
}

/**
 * Resolves when the page's own blank document has loaded, because its late events would be taken for the next
 * document's.
 */
export async function openNavigator(cdp: Cdp, clock: Clock): Promise<Navigator> {
  const document = await watchDocument(cdp, (status) => navigator.onAnswer(status));

  /** While a navigation waits for its answer, Chromium answers nothing else. So it is stopped first. */
  const stop = async (): Promise<void> => {
    for (let count = 1; ; count++) {
      try {
        await cdp.send('Page.stopLoading');
        return document.stay();
      } catch (error) {
        // Between two documents there is none that could be stopped.
        const isBetween = error instanceof Error && error.message.includes('Not attached to an active page');
        if (!isBetween || count === DOCUMENTS_MAX) throw error;
        await waitFor(null, [limit(clock, RETRY_MS), () => {}]);
      }
    }
  };

  const within = async (work: Promise<unknown>, { gotoOptions = {}, bestAttempt }: Load): Promise<void> => {
    const { timeout = 0 } = gotoOptions;
    const endings: Ending<string>[] = [
      [manyOf(document.replaced), () => `the page went on to another each time, ${DOCUMENTS_MAX} times`],
    ];
    if (timeout > 0) {
      const late = `the page had not loaded after ${timeout} ms, the limit of gotoOptions`;
      endings.push([limit(clock, timeout), () => late]);
    }
    const missed = await waitFor(
      work.then(() => null),
      ...endings,
    );
    if (missed === null) return;
    if (!bestAttempt) throw new ServiceError('STEP_TIMEOUT', missed);
    await stop();
  };

  /** The document that was last waited for, and the events that the next one must have had. */
  let known = document.loaderId();
  let wanted: readonly string[] = [];

  const settle = async (): Promise<void> => {
    // Before its answer, a page tells what it had decided until then.
    const told = cdp.send('Page.getFrameTree');
    const isSettled = await isWithin(
      clock,
      FOLLOW_LIMIT_MS,
      told.then(() => document.settled(known, wanted)),
    );
    if (!isSettled) await stop();
    known = document.loaderId();
    // The page went on to nobody, and Chromium shows a page of its own.
    const why = document.cutOff.whyNone();
    if (why !== null && why !== ERROR_PAGE) failed(why);
  };

  const navigator: Navigator = {
    onAnswer: () => {},
    targetId: document.frameId,
    answer: document.answer,
    settle,
    hasGone: () => document.loaderId() !== known,
    replaced: document.replaced,
    isLeaving: document.isLeaving,
    async unreachable() {
      const told = await cdp.send('Page.getFrameTree').catch(() => null);
      return told?.frameTree.frame.unreachableUrl ?? null;
    },
    async goto(url, load) {
      const { referer, referrerPolicy, waitUntil } = load.gotoOptions ?? {};
      wanted = eventsOf(waitUntil);
      const loaded = document.next(wanted);
      const policy = POLICIES[referrerPolicy ?? 'unsafe-url'];
      const from = referer === undefined ? {} : { referrer: referer, referrerPolicy: policy };
      const began = cdp.send('Page.navigate', { url, ...from });
      const navigated = Promise.all([began.then(checkBegan), loaded]);
      await within(waitFor(navigated, [document.cutOff.happens, () => failed(document.cutOff.why())]), load);
      known = document.loaderId();
    },
    async setContent(html, load, first = '') {
      const events = eventsOf(load.gotoOptions?.waitUntil);
      wanted = events.filter((name) => !IDLE.test(name)).concat(PARSED);
      const written = document.rewritten(wanted);
      const limits = events.flatMap((name) => QUIET[name] ?? []);
      // Begun here, and only when its result is needed, because a page may load thousands of things.
      const network = limits.length === 0 ? null : watchNetwork(cdp, clock);
      const loaded = written.then(() => network?.reached(Math.min(...limits)));
      const expression = `document.open(); ${first}; document.write(${JSON.stringify(html)}); document.close();`;
      await within(Promise.all([cdp.send('Runtime.evaluate', { expression }), loaded]), load);
      known = document.loaderId();
    },
  };
  return navigator;
}

function eventsOf(waitUntil: WaitUntilName | WaitUntilName[] = 'load'): string[] {
  return [waitUntil].flat().map((name) => EVENTS[name]);
}

/** More documents came than may. */
function manyOf(replaced: End): End {
  return {
    on(listener) {
      let count = 0;
      return replaced.on(() => {
        if (++count > DOCUMENTS_MAX) listener();
      });
    },
  };
}

function failed(errorText: string): never {
  throw new ServiceError('NAVIGATION_FAILED', errorText);
}

function checkBegan({ errorText, isDownload }: { errorText?: string; isDownload?: boolean }): void {
  if (isDownload) throw new ServiceError('NAVIGATION_FAILED', 'the URL is a download, not a page');
  if (errorText && errorText !== ERROR_PAGE) throw new ServiceError('NAVIGATION_FAILED', errorText);
}
