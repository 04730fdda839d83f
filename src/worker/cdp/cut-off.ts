/**
 * Whether what a document's server sends breaks off: it never loads then, and nothing else says so. Worker thread.
 */
import { createRecurring, type End } from '../../wait.js';
import type { Cdp } from './cdp.js';

export interface CutOff {
  readonly happens: End;
  /** `net::ERR_…`, of the last one. */
  why(): string;
}

/** `loaderId` is the present document's, whose request has the same name. */
export function watchCutOff(cdp: Cdp, loaderId: () => string): CutOff {
  const happens = createRecurring();
  let why = '';
  cdp.on('Network.loadingFailed', ({ requestId, errorText, canceled }) => {
    if (requestId !== loaderId() || canceled) return;
    why = errorText;
    happens.happen();
  });
  return { happens, why: () => why };
}
