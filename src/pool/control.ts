/**
 * Main's end of a shard's control port. It carries word about the shard's browsers, jobs' outcomes, and cancels of
 * settled sessions. One port serves all jobs of a thread: src/README.md, decision 26. Main thread.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import type { BrowserReply, ControlMessage, ControlReply, Fonts, Outcome, Progress } from '../protocol/job.js';
import type { UnusableReason } from '../protocol/names.js';

export interface Control {
  /** Resolves when the worker is attached; rejects with its reason, or when the thread dies. */
  attach(endpoint: PipeEndpoint, told: BrowserEvents): Promise<void>;
  /**
   * `settle` is called with the job's outcome, if one comes. Until then, `advance` is called with each word of how it
   * gets on.
   */
  expect(sequence: number, told: JobEvents): void;
  /**
   * The job's task has ended: tells its outcome if one has come, and expects none any more. Two channels have no order
   * between them, so the outcome may still be in the port, also when the thread is dead.
   */
  conclude(sequence: number): void;
  cancel(sequence: number): void;
  /** From now on the egress thread is at the other end of `port`. */
  useEgress(port: MessagePort): void;
  /** Tells all that has come, and closes the port. Idempotent. */
  close(): void;
}

export interface JobEvents {
  readonly settle: (outcome: Outcome) => void;
  readonly advance: (progress: Progress) => void;
}

/** What a worker says of a browser that it is attached to. */
export interface BrowserEvents {
  readonly onLost: (generation: number) => void;
  readonly onUnusable: (generation: number, reason: UnusableReason) => void;
  /** A browser that is doubted should get no sessions. */
  readonly onDoubt: (isDoubted: boolean) => void;
}

/** What a worker has to say of itself. */
export interface WorkerWords {
  /** How many pages it keeps ready, whenever that changes. */
  readonly onReady: (pages: number) => void;
  readonly onFonts: (fonts: Fonts) => void;
  /** It will not turn its loop for a while, or does so again. */
  readonly onLoading: (isLoading: boolean) => void;
}

export function openControl(port: MessagePort, { onReady, onFonts, onLoading }: WorkerWords): Control {
  const expected = new Map<number, JobEvents>();
  /** By generation. An entry is there from the start of attaching until the browser is lost. */
  const browsers = new Map<number, (reply: BrowserReply) => void>();

  const take = (reply: ControlReply): void => {
    if (reply.kind === 'outcome') {
      expected.get(reply.sequence)?.settle(reply.outcome);
      expected.delete(reply.sequence);
    } else if (reply.kind === 'progress') {
      expected.get(reply.sequence)?.advance(reply.progress);
    } else if (reply.kind === 'ready') {
      onReady(reply.pages);
    } else if (reply.kind === 'fonts') {
      onFonts(reply.fonts);
    } else if (reply.kind === 'loading') {
      onLoading(reply.isLoading);
    } else {
      browsers.get(reply.generation)?.(reply);
    }
  };
  let isClosed = false;
  const takeNext = (): boolean => {
    // Reading from a closed port makes Node.js 20 end the process.
    if (isClosed) return false;
    const received: { message: ControlReply } | undefined = receiveMessageOnPort(port);
    if (received) take(received.message);
    return received !== undefined;
  };
  const send = (message: ControlMessage): void => port.postMessage(message);

  port.on('message', take);
  // A listener would keep the process alive; the server does that by other means.
  port.unref();

  return {
    attach: (endpoint, { onLost, onUnusable, onDoubt }) =>
      new Promise((resolve, reject) => {
        const { generation } = endpoint;
        const closed = (): void => reject(new Error('the thread died'));
        port.once('close', closed);
        browsers.set(generation, (reply) => {
          port.removeListener('close', closed);
          // These two are the last word about a browser.
          if (reply.kind === 'attachFailed' || reply.kind === 'lost') browsers.delete(generation);
          if (reply.kind === 'attached') resolve();
          else if (reply.kind === 'attachFailed') reject(new Error(reply.message));
          else if (reply.kind === 'lost') onLost(generation);
          else if (reply.kind === 'doubt') onDoubt(reply.isDoubted);
          else onUnusable(generation, reply.reason);
        });
        send({ kind: 'attach', endpoint });
      }),
    expect: (sequence, told) => void expected.set(sequence, told),
    conclude(sequence) {
      // Takes all that have come, because taking a message like this costs less than an event.
      if (expected.has(sequence)) while (takeNext());
      expected.delete(sequence);
    },
    cancel: (sequence) => send({ kind: 'cancel', sequence }),
    useEgress: (egress) => port.postMessage({ kind: 'egress', port: egress } satisfies ControlMessage, [egress]),
    close() {
      if (isClosed) return;
      while (takeNext());
      isClosed = true;
      port.close();
    },
  };
}
