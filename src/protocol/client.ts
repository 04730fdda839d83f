/**
 * A client, as far as its session has to know: whether it is still there. What an AbortController does, for one
 * listener; a real one for each request was a tenth of what a session costs the main thread. Pure.
 */
export interface ClientSignal {
  readonly aborted: boolean;
  /** Belongs to whoever has the request in hand. */
  onabort: (() => void) | null;
}

export interface Client {
  readonly signal: ClientSignal;
  /** It has left. */
  abort(): void;
}

export function createClient(): Client {
  const signal: { aborted: boolean; onabort: ClientSignal['onabort'] } = { aborted: false, onabort: null };
  return {
    signal,
    abort() {
      if (signal.aborted) return;
      signal.aborted = true;
      signal.onabort?.();
    },
  };
}
