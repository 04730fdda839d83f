/**
 * One worker thread: its lane, its shard, its reports. In: tasks from piscina, control messages from main; out:
 * outcomes on the control port, deltas in the lane.
 */

import { getHeapStatistics } from 'node:v8';
import type { MessagePort } from 'node:worker_threads';
import { threadId, workerData } from 'node:worker_threads';
import { type Clock, every, systemClock } from '../clock.js';
import { collectAtRest } from '../garbage.js';
import { claimLane, openHeartbeat, openLaneWriter } from '../metrics/lane.js';
import { createLayout } from '../metrics/layout.js';
import type { PipeEndpoint } from '../protocol/endpoint.js';
import type { ControlMessage, ControlReply, Outcome, Progress, Task, TaskResult } from '../protocol/job.js';
import { HEARTBEAT_MS } from '../protocol/names.js';
import type { WorkerSetup } from '../protocol/setup.js';
import { createActivity } from './activity.js';
import { serveClient } from './broker/serve.js';
import { createCancels } from './cancels.js';
import { useCodeCache } from './code-cache.js';
import { createEgress } from './egress.js';
import { createFontTeller } from './fonts.js';
import { openNeeded } from './needed.js';
import { runSession } from './session.js';
import { createShard, type Shard } from './shard.js';
import { createTally, type Tally } from './tally.js';
import { waitLimit } from './wait-limit.js';

const REPORT_EVERY_MS = 1_000;
const LEAKS_EVERY_MS = 5_000;
/** A second apart. */
const LOOKS_AT_REST = 3;
const LOOKS_LONG_AT_REST = 300;

type JobTask = Extract<Task, { readonly kind: 'job' }>;

export interface WorkerThread {
  /** Claims a lane and begins to listen to main. A lane of -1 means that none was free: try again. */
  init(port: MessagePort): Promise<TaskResult>;
  /** Runs a session. Its outcome goes to main by the port. Resolves when its context is gone. */
  run(task: JobTask): Promise<TaskResult>;
}

export function createWorkerThread(): WorkerThread {
  const setup: WorkerSetup = workerData;
  useCodeCache(setup.codeFolder);
  const clock = systemClock;
  const cancels = createCancels();
  const activity = createActivity();
  let ready: { port: MessagePort; shard: Shard; tally: Tally } | null = null;
  return {
    async init(port) {
      const lane = claimLane(setup.lanes, setup.laneShape, threadId);
      if (lane === -1) {
        port.close();
        return { kind: 'init', lane, threadId };
      }
      const record = openLaneWriter(setup.lanes, setup.laneShape, { index: lane, now: clock.monotonicMs });
      const tally = createTally(record, createLayout(setup.domains), lane);
      const egress = createEgress();
      const shard = createShard({
        tally,
        clock,
        egress,
        needed: openNeeded(setup.needed),
        readyPlan: setup.readyPlan,
        onLoading: (isLoading) => port.postMessage({ kind: 'loading', isLoading } satisfies ControlReply),
        onReady: (pages) => port.postMessage({ kind: 'ready', pages } satisfies ControlReply),
      });
      ready = { port, shard, tally };
      const fonts = createFontTeller({
        isWanted: lane === 0,
        isBusy: activity.watch(),
        withPage: shard.withPage,
        tell: (found) => port.postMessage({ kind: 'fonts', fonts: found } satisfies ControlReply),
        clock,
      });
      port.on('message', (message: ControlMessage) => {
        if (message.kind === 'cancel') cancels.cancel(message.sequence);
        else if (message.kind === 'egress') egress.connect(message.port);
        else void attach(port, shard, message.endpoint).then(fonts.attached);
      });
      const beat = openHeartbeat(setup.lanes, setup.laneShape, lane);
      beat();
      every(clock, HEARTBEAT_MS, beat);
      reportEverySecond(shard, tally, clock);
      collectAtRest({ clock, isBusy: activity.watch() });
      prepareAtRest(shard, clock, activity.watch());
      return { kind: 'init', lane, threadId };
    },
    async run({ job, sequence, runMs }) {
      if (!ready) throw new Error('a job came before the thread was set up');
      const { port, shard, tally } = ready;
      activity.begin();
      const post = (outcome: Outcome): void => {
        const reply: ControlReply = { kind: 'outcome', sequence, outcome };
        port.postMessage(reply, outcome.isOk && outcome.product !== 'closed' ? [outcome.product.body.buffer] : []);
      };
      const tell = (progress: Progress): void => port.postMessage({ kind: 'progress', sequence, progress });
      try {
        const cancelled = cancels.begin(sequence);
        const waitLimitMs = waitLimit(clock, runMs);
        if (job.kind === 'cdp') {
          await serveClient({ job, cancelled, post, tell, broker: shard.broker, tally, clock });
        } else {
          await runSession({ job, cancelled, post, tell, shard, tally, clock, waitLimitMs });
        }
        return { kind: 'job' };
      } finally {
        activity.end();
        cancels.end(sequence);
      }
    },
  };
}

/** Resolves with whether it is attached. */
async function attach(port: MessagePort, shard: Shard, endpoint: PipeEndpoint): Promise<boolean> {
  const { generation } = endpoint;
  const reply = (message: ControlReply): void => port.postMessage(message);
  try {
    await shard.attach(endpoint, {
      onLost: () => reply({ kind: 'lost', generation }),
      onUnusable: (reason) => reply({ kind: 'unusable', generation, reason }),
      onDoubt: (isDoubted) => reply({ kind: 'doubt', generation, isDoubted }),
    });
    reply({ kind: 'attached', generation });
    return true;
  } catch (error) {
    reply({ kind: 'attachFailed', generation, message: error instanceof Error ? error.message : String(error) });
    return false;
  }
}

/** What takes a second of CPU is begun when nobody has come for a while, and what takes memory is given back later. */
function prepareAtRest(shard: Shard, clock: Clock, isBusy: () => boolean): void {
  let looksAtRest = 0;
  every(clock, REPORT_EVERY_MS, () => {
    looksAtRest = isBusy() ? 0 : looksAtRest + 1;
    if (looksAtRest >= LOOKS_AT_REST) shard.prepare();
    if (looksAtRest === LOOKS_LONG_AT_REST) shard.rest();
  });
}

function reportEverySecond(shard: Shard, tally: Tally, clock: Clock): void {
  let last = performance.eventLoopUtilization();
  const report = (): void => {
    const now = performance.eventLoopUtilization();
    const since = performance.eventLoopUtilization(now, last);
    last = now;
    tally.report({
      epochMs: Date.now(),
      activeMs: Math.max(0, since.active),
      idleMs: Math.max(0, since.idle),
      // `process.memoryUsage()` would open a file, and throw when no descriptor is left.
      heapUsedBytes: getHeapStatistics().used_heap_size,
      contextsOpen: shard.contextsOpen(),
      pagesOpen: shard.pagesOpen(),
    });
  };
  report();
  every(clock, REPORT_EVERY_MS, report);
  let strayBefore = 0;
  every(clock, LEAKS_EVERY_MS, () => {
    void shard.strayContexts().then((stray) => {
      // Only contexts that two samples saw count: one sample may come between the making of a context and its owner.
      tally.contextsLeaked(Math.min(stray, strayBefore));
      strayBefore = stray;
    });
  });
}
