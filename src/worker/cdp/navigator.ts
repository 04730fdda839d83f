/**
 * Brings a page to a URL or to given HTML and waits until it has loaded, over CDP: for Playwright's pages and for our
 * own alike, so that both answer the same. Puppeteer's words (`networkidle0` …) are Chromium's own events, and have
 * Puppeteer's meaning: a page that goes on to another by itself is followed. Worker thread.
 */
import type { Clock } from '../../clock.js';
import { ServiceError } from '../../failures.js';
import type { NavigationAnswer } from '../../protocol/job.js';
import type { PageBody, WaitUntilName } from '../../protocol/jobs/page-body.js';
import { isWithin } from '../../wait.js';
import type { Cdp, ResponseEvent } from './cdp.js';
import { watchNetwork } from './network-quiet.js';

/** By what Chromium calls it. */
const EVENTS: Readonly<Record<WaitUntilName, string>> = {
  commit: 'init',
  domcontentloaded: 'DOMContentLoaded',
  load: 'load',
  networkidle0: 'networkIdle',
  networkidle2: 'networkAlmostIdle',
};
const PARSED = EVENTS.domcontentloaded;
/** How many requests may be under way while a page counts as idle. */
const QUIET: Readonly<Record<string, number>> = { [EVENTS.networkidle0]: 0, [EVENTS.networkidle2]: 2 };
/** Of a new document; the second when it is told of afterwards. */
const BEGIN = /^(init|commit)$/;
const IDLE = /^network/;
/** A page answered with an error and no body; Chromium shows a page of its own for it, and calls that a failure. */
const ERROR_PAGE = 'net::ERR_HTTP_RESPONSE_CODE_FAILURE';

type Load = Pick<PageBody, 'gotoOptions' | 'bestAttempt'>;

export interface Navigator {
  /** Null when nothing was answered, as for `data:` and `about:`. */
  goto(url: string, load: Load): Promise<NavigationAnswer | null>;
  setContent(html: string, load: Load): Promise<void>;
  /** Called with the status that the page's own document was answered with, whenever that is another one. */
  onAnswer: (status: number) => void;
  /** Of its page, which is its main frame's too. */
  readonly targetId: string;
}

/** Resolves when the page's own blank document has loaded: what it still had to tell would be taken for the next's. */
export async function openNavigator(cdp: Cdp, clock: Clock): Promise<Navigator> {
  const document = await watchDocument(cdp, (status) => navigator.onAnswer(status));

  const within = async (work: Promise<unknown>, { gotoOptions = {}, bestAttempt }: Load): Promise<void> => {
    const { timeout = 0 } = gotoOptions;
    const isInTime = timeout > 0 ? await isWithin(clock, timeout, work) : await work.then(() => true);
    if (isInTime) return;
    if (!bestAttempt) {
      throw new ServiceError('STEP_TIMEOUT', `the page had not loaded after ${timeout} ms, the limit of gotoOptions`);
    }
    // While a navigation waits for its answer, Chromium answers nothing else.
    await cdp.send('Page.stopLoading');
  };

  const navigator: Navigator = {
    onAnswer: () => {},
    targetId: document.frameId,
    async goto(url, load) {
      const { referer, waitUntil } = load.gotoOptions ?? {};
      const loaded = document.next(eventsOf(waitUntil));
      const from = referer === undefined ? {} : { referrer: referer, referrerPolicy: 'unsafeUrl' as const };
      const began = cdp.send('Page.navigate', { url, ...from });
      await within(Promise.all([began.then(checkBegan), loaded]), load);
      return document.answer();
    },
    async setContent(html, load) {
      const events = eventsOf(load.gotoOptions?.waitUntil);
      const written = document.rewritten(events.filter((name) => !IDLE.test(name)).concat(PARSED));
      const limits = events.flatMap((name) => QUIET[name] ?? []);
      // From here on, and only for who waits for it: a page may ask for thousands of things.
      const network = limits.length === 0 ? null : watchNetwork(cdp, clock);
      const loaded = written.then(() => network?.reached(Math.min(...limits)));
      const expression = `document.open(); document.write(${JSON.stringify(html)}); document.close();`;
      await within(Promise.all([cdp.send('Runtime.evaluate', { expression }), loaded]), load);
    },
  };
  return navigator;
}

function eventsOf(waitUntil: WaitUntilName | WaitUntilName[] = 'load'): string[] {
  return [waitUntil].flat().map((name) => EVENTS[name]);
}

function checkBegan({ errorText, isDownload }: { errorText?: string; isDownload?: boolean }): void {
  if (isDownload) throw new ServiceError('NAVIGATION_FAILED', 'the URL is a download, not a page');
  if (errorText && errorText !== ERROR_PAGE) throw new ServiceError('NAVIGATION_FAILED', errorText);
}

interface WatchedDocument {
  readonly frameId: string;
  /** Resolves when a document after the present one has had all `events`. */
  next(events: readonly string[]): Promise<void>;
  /** Resolves when the present document, about to be written anew, has had all `events` again. */
  rewritten(events: readonly string[]): Promise<void>;
  answer(): NavigationAnswer | null;
}

async function watchDocument(cdp: Cdp, onAnswer: (status: number) => void): Promise<WatchedDocument> {
  let frameId = '';
  let loaderId = '';
  const seen = new Set<string>();
  let answer: ResponseEvent | null = null;
  let check = (): void => {};

  const until = (isReached: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      check = () => {
        if (isReached()) resolve();
      };
      check();
    });
  const has = (events: readonly string[]): boolean => events.every((name) => seen.has(name));

  const began = (loader: string): void => {
    if (loader === loaderId) return;
    loaderId = loader;
    seen.clear();
    seen.add(EVENTS.commit);
  };
  const happened = (name: string): void => {
    seen.add(name);
    check();
  };

  cdp.on('Page.frameNavigated', ({ frame }) => {
    if (frame.id !== frameId) return;
    began(frame.loaderId);
    check();
  });
  cdp.on('Page.domContentEventFired', () => happened(PARSED));
  cdp.on('Page.loadEventFired', () => happened(EVENTS.load));
  cdp.on('Page.lifecycleEvent', (event) => {
    if (event.frameId !== frameId) return;
    if (BEGIN.test(event.name)) began(event.loaderId);
    // The blank document before it goes idle at its own time, half a second after it was made.
    const isLate = event.loaderId !== loaderId || (IDLE.test(event.name) && !seen.has(PARSED));
    if (!isLate) happened(event.name);
  });
  cdp.on('Network.responseReceived', (event) => {
    if (event.type !== 'Document' || event.frameId !== frameId) return;
    const isNews = answer?.response.status !== event.response.status;
    answer = event;
    if (isNews) onAnswer(event.response.status);
  });
  await Promise.all([
    cdp.send('Page.getFrameTree').then(({ frameTree }) => {
      frameId = frameTree.frame.id;
      loaderId = frameTree.frame.loaderId;
    }),
    cdp.send('Page.enable'),
    // Nobody asks for the bodies of answers, so Chromium need not keep them.
    cdp.send('Network.enable', { maxTotalBufferSize: 0, maxResourceBufferSize: 0 }),
    // Tells first what the document there has had so far.
    cdp.send('Page.setLifecycleEventsEnabled', { enabled: true }),
    cdp.send('Runtime.runIfWaitingForDebugger'),
  ]);
  await until(() => has([EVENTS.load]));
  // A load that is told by them comes so early that every second picture is refused, since nothing was drawn yet.
  await cdp.send('Page.setLifecycleEventsEnabled', { enabled: false });

  return {
    frameId,
    async next(events) {
      const before = loaderId;
      const reached = until(() => loaderId !== before && has(events));
      if (events.some((name) => IDLE.test(name))) await cdp.send('Page.setLifecycleEventsEnabled', { enabled: true });
      await reached;
    },
    rewritten(events) {
      seen.clear();
      return until(() => has(events.filter((name) => name !== EVENTS.commit)));
    },
    answer: () => (answer === null ? null : describe(answer)),
  };
}

function describe({ response }: ResponseEvent): NavigationAnswer {
  const { url, status, statusText, remoteIPAddress, remotePort } = response;
  return { url, status, statusText, ip: remoteIPAddress || null, port: remotePort || null };
}
