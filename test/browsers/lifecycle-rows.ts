/**
 * What each event does in each state of a shard's life, as rows: read by `lifecycle.test.ts`.
 */

import {
  ATTACH_LIMIT_MS,
  BACK_OFF_FIRST_MS,
  type BrowserPhase,
  type Life,
  type LifeEffect,
  type LifeEvent,
  LOST_GRACE_MS,
  UNBORN,
  WORKED_MS,
} from '../../src/browsers/lifecycle.js';

/** The generation of the browser that is there. */
export const G = 7;
const BORN_MS = 1_000;
/** Soon after, and long after, the browser was born. */
export const [SOON_MS, LATE_MS] = [BORN_MS + 50, BORN_MS + WORKED_MS];

export function life(phase: BrowserPhase | null, rest: Partial<Life> = {}): Life {
  const browser = phase === null ? null : { phase, bornAtMs: BORN_MS };
  return { ...UNBORN, hasThread: true, generation: G, browser, ...rest };
}

const spawn = (generation: number): LifeEffect => ({ kind: 'spawn', generation });
const attach = (limitMs = ATTACH_LIMIT_MS): LifeEffect => ({ kind: 'attach', generation: G, limitMs });
const detach: LifeEffect = { kind: 'detach' };
const kill = (reason: 'killed' | 'shutdown' | 'unresponsive' | 'no_pages'): LifeEffect => ({ kind: 'kill', reason });
const pause = (ms: number): LifeEffect => ({ kind: 'pause', ms });
const grace: LifeEffect = { kind: 'grace', generation: G, ms: LOST_GRACE_MS };
const failed = (reason: 'spawn' | 'attach' | 'timeout', message: string): LifeEffect => ({
  kind: 'reportFailure',
  reason,
  message,
});
const EARLY = 'the browser ended before a worker was attached to it';

export interface Row {
  readonly name: string;
  readonly from: Life;
  readonly event: LifeEvent;
  readonly atMs?: number;
  readonly to: Partial<Life> & { readonly phase?: BrowserPhase | null };
  readonly effects: readonly LifeEffect[];
}

const ended = { generation: G } as const;
export const ROWS: readonly Row[] = [
  {
    name: 'a thread comes: the first browser is started',
    from: UNBORN,
    event: { kind: 'threadReady' },
    to: { phase: 'spawning', hasThread: true, generation: 1 },
    effects: [spawn(1)],
  },
  {
    name: 'a thread comes while a pause lasts: nothing yet',
    from: life(null, { hasThread: false, isPausing: true }),
    event: { kind: 'threadReady' },
    to: { phase: null, hasThread: true },
    effects: [],
  },
  {
    name: 'a thread comes for a browser that waits for one',
    from: life('spawned', { hasThread: false }),
    event: { kind: 'threadReady' },
    to: { phase: 'attaching', hasThread: true },
    effects: [attach()],
  },
  {
    name: 'the pause is over: the next generation',
    from: life(null, { isPausing: true, failures: 2 }),
    event: { kind: 'pauseOver' },
    to: { phase: 'spawning', isPausing: false, generation: G + 1, failures: 2 },
    effects: [spawn(G + 1)],
  },
  {
    name: 'the pause is over and there is no thread: it is waited for',
    from: life(null, { isPausing: true, hasThread: false }),
    event: { kind: 'pauseOver' },
    to: { phase: null, isPausing: false },
    effects: [],
  },
  {
    name: 'a thread lost while the browser is spawned: the browser stays, and nothing has failed',
    from: life('spawning'),
    event: { kind: 'threadLost' },
    to: { phase: 'spawning', hasThread: false, failures: 0 },
    effects: [],
  },
  {
    name: 'spawned while the thread is away: it waits for the next',
    from: life('spawning', { hasThread: false }),
    event: { kind: 'spawned', ...ended },
    to: { phase: 'spawned', failures: 0 },
    effects: [],
  },
  {
    name: 'a thread lost while it is being attached: the browser has heard half of it and goes; no failed start',
    from: life('attaching'),
    event: { kind: 'threadLost' },
    to: { phase: 'ending', hasThread: false, failures: 0 },
    effects: [detach, kill('killed')],
  },
  {
    name: 'what that attaching then says is no failure either',
    from: life('ending', { hasThread: false }),
    event: { kind: 'attachFailed', ...ended, reason: 'attach', message: 'the thread died' },
    to: { phase: 'ending', failures: 0 },
    effects: [],
  },
  {
    name: 'a thread lost with a browser at work',
    from: life('ready'),
    event: { kind: 'threadLost' },
    to: { phase: 'ending', hasThread: false },
    effects: [detach, kill('killed')],
  },
  {
    name: 'a thread lost while there is no browser',
    from: life(null),
    event: { kind: 'threadLost' },
    to: { phase: null, hasThread: false },
    effects: [],
  },
  {
    name: 'a thread that never began to work is a failure of a shard that has none',
    from: life(null, { hasThread: false, failures: 1 }),
    event: { kind: 'threadFailed' },
    to: { failures: 2 },
    effects: [],
  },
  {
    name: 'and no matter of one that has',
    from: life('ready'),
    event: { kind: 'threadFailed' },
    to: { failures: 0 },
    effects: [],
  },
  {
    name: 'spawned: attached to',
    from: life('spawning'),
    event: { kind: 'spawned', ...ended },
    to: { phase: 'attaching' },
    effects: [attach()],
  },
  {
    name: 'spawned after one was not attached to in time: this one is given twice as long',
    from: life('spawning', { attachFailures: 1 }),
    event: { kind: 'spawned', ...ended },
    to: { phase: 'attaching' },
    effects: [attach(2 * ATTACH_LIMIT_MS)],
  },
  {
    name: 'spawned after it was told to go',
    from: life('ending'),
    event: { kind: 'spawned', ...ended },
    to: { phase: 'ending' },
    effects: [kill('killed')],
  },
  {
    name: 'spawned after the server began to stop',
    from: life('ending', { isStopped: true }),
    event: { kind: 'spawned', ...ended },
    to: { phase: 'ending' },
    effects: [kill('shutdown')],
  },
  {
    name: 'not to be spawned',
    from: life('spawning', { failures: 1 }),
    event: { kind: 'spawnFailed', ...ended, message: 'EAGAIN' },
    to: { phase: null, isPausing: true, failures: 2 },
    effects: [failed('spawn', 'EAGAIN'), pause(2 * BACK_OFF_FIRST_MS)],
  },
  {
    name: 'attached: ready',
    from: life('attaching'),
    event: { kind: 'attached', ...ended },
    to: { phase: 'ready' },
    effects: [{ kind: 'announce', generation: G, launchMs: SOON_MS - BORN_MS }],
  },
  {
    name: 'attached after it was told to go',
    from: life('ending'),
    event: { kind: 'attached', ...ended },
    to: { phase: 'ending' },
    effects: [],
  },
  {
    name: 'not to be attached to: it may be dying, and is given a moment to say of what',
    from: life('attaching'),
    event: { kind: 'attachFailed', ...ended, reason: 'attach', message: 'broken' },
    to: { phase: 'ending' },
    effects: [failed('attach', 'broken'), detach, grace],
  },
  {
    name: 'not to be attached to for the third time: the thread is replaced as well',
    from: life('attaching', { attachFailures: 2 }),
    event: { kind: 'attachFailed', ...ended, reason: 'attach', message: 'broken' },
    to: { phase: 'ending', attachFailures: 3 },
    effects: [failed('attach', 'broken'), detach, grace, { kind: 'replaceThread' }],
  },
  {
    name: 'a new thread begins anew with its attaching',
    from: life(null, { hasThread: false, isPausing: true, attachFailures: 3 }),
    event: { kind: 'threadReady' },
    to: { hasThread: true, attachFailures: 0 },
    effects: [],
  },
  {
    name: 'not attached in time',
    from: life('attaching'),
    event: { kind: 'attachFailed', ...ended, reason: 'timeout', message: 'late' },
    to: { phase: 'ending' },
    effects: [failed('timeout', 'late'), detach, kill('unresponsive')],
  },
  {
    name: 'its pipe has ended: a moment for its exit',
    from: life('ready'),
    event: { kind: 'pipeEnded', ...ended },
    to: { phase: 'ending' },
    effects: [detach, grace],
  },
  {
    name: 'its pipe has ended while it was attached to: a failed start, once',
    from: life('attaching'),
    event: { kind: 'pipeEnded', ...ended },
    to: { phase: 'ending' },
    effects: [failed('attach', EARLY), detach, grace],
  },
  {
    name: 'its pipe has ended, and it lives on',
    from: life('ending'),
    event: { kind: 'graceOver', ...ended },
    to: { phase: 'ending' },
    effects: [kill('unresponsive')],
  },
  {
    name: 'of no more use',
    from: life('ready'),
    event: { kind: 'useless', ...ended, reason: 'no_pages' },
    to: { phase: 'ending' },
    effects: [detach, kill('no_pages')],
  },
  {
    name: 'gone soon: a fast death',
    from: life('ready', { failures: 3 }),
    event: { kind: 'exited', ...ended },
    to: { phase: null, isPausing: true, failures: 4 },
    effects: [detach, pause(8 * BACK_OFF_FIRST_MS)],
  },
  {
    name: 'gone after it has worked: all is forgiven',
    from: life('ready', { failures: 4 }),
    event: { kind: 'exited', ...ended },
    atMs: LATE_MS,
    to: { phase: null, isPausing: true, failures: 0 },
    effects: [detach, pause(BACK_OFF_FIRST_MS)],
  },
  {
    name: 'gone before it was attached to: a failed start',
    from: life('attaching'),
    event: { kind: 'exited', ...ended },
    to: { phase: null, failures: 1 },
    effects: [failed('attach', EARLY), detach, pause(BACK_OFF_FIRST_MS)],
  },
  {
    name: 'the server stops while a browser is at work',
    from: life('ready'),
    event: { kind: 'stop' },
    to: { phase: 'ending', isStopped: true },
    effects: [detach, kill('shutdown')],
  },
  {
    name: 'the server stops while one is spawned: it is told once it is there',
    from: life('spawning'),
    event: { kind: 'stop' },
    to: { phase: 'ending', isStopped: true },
    effects: [],
  },
  {
    name: 'the server stops while there is none',
    from: life(null, { isPausing: true }),
    event: { kind: 'stop' },
    to: { phase: null, isStopped: true },
    effects: [],
  },
  {
    name: 'gone while the server stops: no other is started',
    from: life('ending', { isStopped: true }),
    event: { kind: 'exited', ...ended },
    to: { phase: null, isPausing: false },
    effects: [detach],
  },
];
