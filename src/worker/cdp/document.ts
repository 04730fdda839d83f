/**
 * The document of a page's main frame, as Chromium tells of it: which one is there, which events it has had, how it was
 * answered, and whether another is about to replace it. Worker thread.
 */
import type { NavigationAnswer } from '../../protocol/job.js';
import type { WaitUntilName } from '../../protocol/jobs/page-body.js';
import { createRecurring, type End } from '../../wait.js';
import type { Cdp, ResponseEvent } from './cdp.js';
import { type CutOff, watchCutOff } from './cut-off.js';
import { watchLeaving } from './leaving.js';

/** Chromium's names for them. */
export const EVENTS: Readonly<Record<WaitUntilName, string>> = {
  commit: 'init',
  domcontentloaded: 'DOMContentLoaded',
  load: 'load',
  networkidle0: 'networkIdle',
  networkidle2: 'networkAlmostIdle',
};
export const PARSED = EVENTS.domcontentloaded;
export const IDLE = /^network/;
/** Events of a new document. The second comes when Chromium tells of the document afterwards. */
const BEGIN = /^(init|commit)$/;

export interface WatchedDocument {
  /** Of the main frame; the same as the target id of its page. */
  readonly frameId: string;
  /** Names the document: each has another. */
  loaderId(): string;
  /** Resolves when a document after the present one has had all `events`. */
  next(events: readonly string[]): Promise<void>;
  /** Resolves when the present document, which is about to be written anew, has had all `events` again. */
  rewritten(events: readonly string[]): Promise<void>;
  /** Resolves when no other document is about to come, and the present one is `loaderId` or has had all `events`. */
  settled(loaderId: string, events: readonly string[]): Promise<void>;
  /** Another document has taken its place. */
  readonly replaced: End;
  /** Whether another document is about to come. */
  isLeaving(): boolean;
  readonly cutOff: CutOff;
  /** The page was told to stay, so what was about to come does not. */
  stay(): void;
  /** How the present document was answered; null when no server was asked. */
  answer(): NavigationAnswer | null;
}

/**
 * Resolves when the page's own blank document has loaded. `onAnswer` gets a status whenever it differs from the one
 * before.
 */
export async function watchDocument(cdp: Cdp, onAnswer: (status: number) => void): Promise<WatchedDocument> {
  let frameId = '';
  let loaderId = '';
  const seen = new Set<string>();
  /** The last two, because the next document is answered before it is there. */
  const answers: ResponseEvent[] = [];
  let check = (): void => {};
  const replaced = createRecurring();
  const cutOff = watchCutOff(cdp, () => loaderId);
  const leaving = watchLeaving(cdp, () => frameId);

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
    replaced.happen();
    seen.clear();
    seen.add(EVENTS.commit);
  };
  const happened = (name: string): void => {
    seen.add(name);
    check();
  };

  leaving.onChange = () => check();
  cdp.on('Page.frameNavigated', ({ frame }) => {
    if (frame.id !== frameId) return;
    leaving.stay();
    began(frame.loaderId);
    check();
  });
  cdp.on('Page.domContentEventFired', () => happened(PARSED));
  cdp.on('Page.loadEventFired', () => happened(EVENTS.load));
  cdp.on('Page.lifecycleEvent', (event) => {
    if (event.frameId !== frameId) return;
    if (BEGIN.test(event.name)) began(event.loaderId);
    // The blank document before it goes idle in its own time, half a second after it was made.
    const isLate = event.loaderId !== loaderId || (IDLE.test(event.name) && !seen.has(PARSED));
    if (!isLate) happened(event.name);
  });
  cdp.on('Network.responseReceived', (event) => {
    if (event.type !== 'Document' || event.frameId !== frameId) return;
    const isNews = answers.at(-1)?.response.status !== event.response.status;
    answers.push(event);
    if (answers.length > 2) answers.shift();
    if (isNews) onAnswer(event.response.status);
  });
  await Promise.all([
    cdp.send('Page.getFrameTree').then(({ frameTree }) => {
      frameId = frameTree.frame.id;
      loaderId = frameTree.frame.loaderId;
    }),
    cdp.send('Page.enable'),
    // Nobody reads the bodies of answers here, so Chromium need not keep them.
    cdp.send('Network.enable', { maxTotalBufferSize: 0, maxResourceBufferSize: 0 }),
    // Chromium first tells which events the present document has had.
    cdp.send('Page.setLifecycleEventsEnabled', { enabled: true }),
    cdp.send('Runtime.runIfWaitingForDebugger'),
  ]);
  await until(() => has([EVENTS.load]));
  // With these events, a load is known so early that every second picture would be refused: nothing was drawn yet.
  await cdp.send('Page.setLifecycleEventsEnabled', { enabled: false });

  return {
    frameId,
    loaderId: () => loaderId,
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
    settled: (before, events) => until(() => !leaving.isSo() && (loaderId === before || has(events))),
    replaced,
    cutOff,
    isLeaving: leaving.isSo,
    stay: leaving.stay,
    answer() {
      const event = answers.find((one) => one.loaderId === loaderId);
      return event === undefined ? null : describe(event);
    },
  };
}

function describe({ response }: ResponseEvent): NavigationAnswer {
  const { url, status, statusText, remoteIPAddress, remotePort } = response;
  return { url, status, statusText, ip: remoteIPAddress || null, port: remotePort || null };
}
