/**
 * Main's end of a shard's control port: the conversation about its browser, its jobs' outcomes, and word to it that a
 * session has been settled. One port for all jobs of a thread: src/README.md, decision 26. Main thread.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import type { BrowserReply, ControlMessage, ControlReply, Fonts, Outcome, Progress } from '../protocol/job.js';
import type { UnusableReason } from '../protocol/names.js';

export interface Control {
  /** Resolves when the worker is attached; rejects with its reason, or when the thread dies. */
  attach(endpoint: PipeEndpoint, told: BrowserEvents): Promise<void>;
  /** `settle` is called with the job's outcome, if one comes; `advance` with each word of how it gets on until then. */
  expect(sequence: number, told: JobEvents): void;
  /**
   * The job's task has ended: tells its outcome if it has come, and expects it no more. Two channels have no order
   * between them, so it may lie here still, also when the thread is dead.
   */
  conclude(sequence: number): void;
  cancel(sequence: number): void;
  /** The egress thread is at the other end of `port` from now on. */
  useEgress(port: MessagePort): void;
  /** Tells what has come, and closes. Idempotent. */
  close(): void;
}

export interface JobEvents {
  readonly settle: (outcome: Outcome) => void;
  readonly advance: (progress: Progress) => void;
}

/** What a worker has to say of the browser that it is attached to. */
export interface BrowserEvents {
  readonly onLost: (generation: number) => void;
  readonly onUnusable: (generation: number, reason: UnusableReason) => void;
  /** While it is doubted it should be given no sessions. */
  readonly onDoubt: (isDoubted: boolean) => void;
}

/** What a worker has to say of itself. */
export interface WorkerWords {
  /** How many pages it keeps ready, whenever that changes. */
  readonly onReady: (pages: number) => void;
  readonly onFonts: (fonts: Fonts) => void;
}

export function openControl(port: MessagePort, { onReady, onFonts }: WorkerWords): Control {
  const expected = new Map<number, JobEvents>();
  /** By generation; each is here from its attaching until it is lost. */
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
    } else {
      browsers.get(reply.generation)?.(reply);
    }
  };
  let isClosed = false;
  const takeNext = (): boolean => {
    // Asked of a port that is closed, Node.js 20 ends the process.
    if (isClosed) return false;
    const received: { message: ControlReply } | undefined = receiveMessageOnPort(port);
    if (received) take(received.message);
    return received !== undefined;
  };
  const send = (message: ControlMessage): void => port.postMessage(message);

  port.on('message', take);
  // Listening holds the process open; the server does that by its own means.
  port.unref();

  return {
    attach: (endpoint, { onLost, onUnusable, onDoubt }) =>
      new Promise((resolve, reject) => {
        const { generation } = endpoint;
        const closed = (): void => reject(new Error('the thread died'));
        port.once('close', closed);
        browsers.set(generation, (reply) => {
          port.removeListener('close', closed);
          // The last word of each.
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
      // All of them, since a message costs less when it is taken like this than as an event.
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
