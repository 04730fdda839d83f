/**
 * Whether the server breaks off in the middle of a document. The document then never loads, and nothing else says so.
 * Worker thread.
 */
import { createRecurring, type End } from '../../wait.js';
import type { Cdp, FailedEvent } from './cdp.js';

export interface CutOff {
  readonly happens: End;
  /** `net::ERR_…` of the last one that broke off. */
  why(): string;
  /**
   * `net::ERR_…` when the present document is Chromium's own page about a document that could not be had; else null.
   */
  whyNone(): string | null;
}

/** `loaderId` gives the present document's, which is also the id of its request. */
export function watchCutOff(cdp: Cdp, loaderId: () => string): CutOff {
  const happens = createRecurring();
  let why = '';
  let latest: Pick<FailedEvent, 'requestId' | 'errorText'> | null = null;
  cdp.on('Network.loadingFailed', ({ requestId, errorText, type, canceled }) => {
    if (canceled || type !== 'Document') return;
    latest = { requestId, errorText };
    if (requestId !== loaderId()) return;
    why = errorText;
    happens.happen();
  });
  const whyNone = (): string | null => (latest?.requestId === loaderId() ? latest.errorText : null);
  return { happens, why: () => why, whyNone };
}
