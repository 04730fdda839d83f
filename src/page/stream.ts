/**
 * Follows `/events` while the page is open. It notices when nothing comes any more, and connects again, after a longer
 * pause each time. In: how to open the stream; out: the data of events, and the state of the connection.
 */
import { type Bytes, Refused } from './api.js';
import { createEventText } from './event-text.js';

const BACK_OFF_FIRST_MS = 250;
const BACK_OFF_LAST_MS = 10_000;
/** Events come each second. A connection that is silent for so long is dead, whatever the socket says. */
const SILENCE_MS_MAX = 8_000;

export type StreamState =
  | { readonly kind: 'connecting' | 'live' | 'unauthorized' }
  | { readonly kind: 'lost'; readonly message: string };

interface StreamOptions {
  readonly open: (signal: AbortSignal) => Promise<ReadableStream<Bytes>>;
  /**
   * `live` is told at the first event, before `onEvent`. The server ends every connection after some minutes: when the
   * next one works at once, nothing was lost, and nothing is told.
   */
  readonly onState: (state: StreamState) => void;
  readonly onEvent: (data: string) => void;
}

interface Stream {
  /** Connects at once, because there is another token or the network is back. */
  restart(): void;
  stop(): void;
}

export function followEvents(options: StreamOptions): Stream {
  let current = new AbortController();

  const read = async (signal: AbortSignal, onFirst: () => void): Promise<void> => {
    const silence = watchSilence();
    let reader: ReadableStreamDefaultReader<string> | null = null;
    const split = createEventText();
    try {
      const body = await options.open(AbortSignal.any([signal, silence.signal]));
      reader = body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) return;
        silence.postpone();
        for (const data of split(value)) {
          onFirst();
          options.onEvent(data);
        }
      }
    } finally {
      silence.stop();
      void reader?.cancel().catch(() => {});
    }
  };

  const follow = async (signal: AbortSignal): Promise<void> => {
    let backOffMs = BACK_OFF_FIRST_MS;
    let isLive = false;
    options.onState({ kind: 'connecting' });
    while (!signal.aborted) {
      let isEndedInOrder = false;
      let message = 'the server has ended the connection';
      try {
        let hasCome = false;
        await read(signal, () => {
          if (!isLive) options.onState({ kind: 'live' });
          isLive = true;
          hasCome = true;
          backOffMs = BACK_OFF_FIRST_MS;
        });
        isEndedInOrder = hasCome;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused && error.status === 401) {
          options.onState({ kind: 'unauthorized' });
          return;
        }
        message = messageOf(error);
      }
      if (signal.aborted) return;
      if (!isEndedInOrder) {
        isLive = false;
        options.onState({ kind: 'lost', message });
      }
      await pause(backOffMs, signal);
      backOffMs = Math.min(backOffMs * 2, BACK_OFF_LAST_MS);
    }
  };

  return {
    restart() {
      current.abort();
      current = new AbortController();
      void follow(current.signal);
    },
    stop: () => current.abort(),
  };
}

/** The texts of fetch's own errors would not help anybody. */
function messageOf(error: unknown): string {
  const isOwn = error instanceof Error && !(error instanceof TypeError) && !(error instanceof DOMException);
  return isOwn ? error.message : 'the server does not answer';
}

/** Aborts its signal unless it is postponed in time. */
function watchSilence(): { readonly signal: AbortSignal; postpone(): void; stop(): void } {
  const controller = new AbortController();
  let timer = setTimeout(() => controller.abort(), SILENCE_MS_MAX);
  return {
    signal: controller.signal,
    postpone() {
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(), SILENCE_MS_MAX);
    },
    stop: () => clearTimeout(timer),
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
