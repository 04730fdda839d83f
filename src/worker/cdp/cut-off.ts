/**
 * Whether what a document's server sends breaks off: it never loads then, and nothing else says so. Worker thread.
 */
import { createRecurring, type End } from '../../wait.js';
import type { Cdp, FailedEvent } from './cdp.js';

export interface CutOff {
  readonly happens: End;
  /** `net::ERR_…`, of the last one. */
  why(): string;
  /** `net::ERR_…`: why the present document is Chromium's own page about one that could not be had, if it is. */
  whyNone(): string | null;
}

/** `loaderId` is the present document's, whose request has the same name. */
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
