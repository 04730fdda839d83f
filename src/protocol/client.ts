/**
 * A client as far as its session needs to know: whether it is still there. It does what an AbortController does, for
 * one listener. A real AbortController for each request was a tenth of a session's cost on the main thread. Pure.
 */
export interface ClientSignal {
  readonly aborted: boolean;
  /** Whoever handles the request at the moment sets it. */
  onabort: (() => void) | null;
}

export interface Client {
  readonly signal: ClientSignal;
  /** The client has left. */
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
