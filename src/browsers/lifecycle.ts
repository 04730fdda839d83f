/**
 * The life of a shard's browsers as a table: state × event → state and effects. Each browser has a generation; what is
 * told of one that is not there any more changes nothing. Pure: `supervisor.ts` does what the effects say.
 */
import type { BrowserExitReason, LaunchFailureReason } from '../protocol/names.js';

export const BACK_OFF_FIRST_MS = 100;
export const BACK_OFF_LAST_MS = 5_000;
/** A browser that lived so long has worked; one that dies sooner is a fast death. */
export const WORKED_MS = 10_000;
/** Starts that failed, fast deaths and threads that never worked, in a row, until the shard counts as failing. */
export const FAILURES_MAX = 5;
/** So often in a row it is not the browsers' fault that the thread cannot attach to them. */
export const ATTACH_FAILURES_MAX = 3;
/** It takes a fraction of a second; twice as long after each time that it took longer, for machines that are slow. */
export const ATTACH_LIMIT_MS = 10_000;
/** A browser whose pipe has ended is about to be gone; one that is not by then never will by itself. */
export const LOST_GRACE_MS = 1_000;

/**
 * `spawned`: it waits for the shard's thread. `ending`: it has been told to go, or its pipe has ended, and it has not
 * gone yet.
 */
export type BrowserPhase = 'spawning' | 'spawned' | 'attaching' | 'ready' | 'ending';

export interface Life {
  readonly hasThread: boolean;
  readonly isStopped: boolean;
  /** No browser is started before the pause is over. */
  readonly isPausing: boolean;
  /** The last that was given. */
  readonly generation: number;
  readonly browser: Browser | null;
  /** In a row. */
  readonly failures: number;
  /** Of this thread, in a row. */
  readonly attachFailures: number;
}

interface Browser {
  readonly phase: BrowserPhase;
  readonly bornAtMs: number;
}

export const UNBORN: Life = {
  hasThread: false,
  isStopped: false,
  isPausing: false,
  generation: 0,
  browser: null,
  failures: 0,
  attachFailures: 0,
};

export type LifeEvent = ShardEvent | BrowserEvent;

type ShardEvent =
  | { readonly kind: 'threadReady' }
  | { readonly kind: 'threadLost' }
  /** What was to be the shard's thread never began to work. */
  | { readonly kind: 'threadFailed' }
  | { readonly kind: 'pauseOver' }
  | { readonly kind: 'stop' };

/** About the browser of that generation. */
type BrowserEvent = { readonly generation: number } & (
  | { readonly kind: 'spawned' }
  | { readonly kind: 'spawnFailed'; readonly message: string }
  | { readonly kind: 'attached' }
  | { readonly kind: 'attachFailed'; readonly reason: LaunchFailureReason; readonly message: string }
  /** Its worker has lost it. */
  | { readonly kind: 'pipeEnded' }
  | { readonly kind: 'graceOver' }
  /** It is of no more use. */
  | { readonly kind: 'useless'; readonly reason: BrowserExitReason }
  | { readonly kind: 'exited' }
);

export type LifeEffect =
  | { readonly kind: 'spawn'; readonly generation: number }
  | { readonly kind: 'attach'; readonly generation: number; readonly limitMs: number }
  /** The worker holds its own ends of the pipe. */
  | { readonly kind: 'announce'; readonly generation: number; readonly launchMs: number }
  | { readonly kind: 'detach' }
  | { readonly kind: 'kill'; readonly reason: BrowserExitReason }
  /** The thread is not what it should be: another in its place. */
  | { readonly kind: 'replaceThread' }
  | { readonly kind: 'pause'; readonly ms: number }
  | { readonly kind: 'grace'; readonly generation: number; readonly ms: number }
  | { readonly kind: 'reportFailure'; readonly reason: LaunchFailureReason; readonly message: string };

export interface Step {
  readonly life: Life;
  readonly effects: readonly LifeEffect[];
}

/** `nowMs` is monotonic. */
export function step(life: Life, event: LifeEvent, nowMs: number): Step {
  if ('generation' in event) {
    const { browser } = life;
    return browser && event.generation === life.generation
      ? stepBrowser({ ...life, browser }, event, nowMs)
      : same(life);
  }
  switch (event.kind) {
    case 'threadReady': {
      const held = { ...life, hasThread: true, attachFailures: 0 };
      return life.browser?.phase === 'spawned' ? attach(held) : begin(held, nowMs);
    }
    case 'threadLost': {
      const without = { ...life, hasThread: false };
      const isTheirs = life.browser?.phase === 'attaching' || life.browser?.phase === 'ready';
      // Its pipe has lost its other end, so it is about to go by itself; this is for one that hangs.
      return isTheirs ? end(without, 'killed') : same(without);
    }
    case 'threadFailed':
      return same(life.hasThread ? life : { ...life, failures: life.failures + 1 });
    case 'pauseOver':
      return begin({ ...life, isPausing: false }, nowMs);
    case 'stop':
      return end({ ...life, isStopped: true }, 'shutdown');
  }
}

function stepBrowser(life: Life & { readonly browser: Browser }, event: BrowserEvent, nowMs: number): Step {
  const { browser, generation } = life;
  const isStarting = browser.phase === 'spawned' || browser.phase === 'attaching';
  switch (event.kind) {
    case 'spawned':
      // Told to go before it was there.
      if (browser.phase === 'ending') return { life, effects: [kill(life.isStopped ? 'shutdown' : 'killed')] };
      return life.hasThread ? attach(life) : same(inPhase(life, 'spawned'));
    case 'spawnFailed':
      return over(life, life.failures + 1, browser.phase === 'ending' ? [] : [failed('spawn', event.message)]);
    case 'attached': {
      if (browser.phase !== 'attaching') return same(life);
      const launchMs = nowMs - browser.bornAtMs;
      const attached = { ...inPhase(life, 'ready'), attachFailures: 0 };
      return { life: attached, effects: [{ kind: 'announce', generation, launchMs }] };
    }
    case 'attachFailed': {
      // One that was told to go, because its thread died or the server stops, is not one that failed to start.
      if (browser.phase !== 'attaching') return same(life);
      const attachFailures = life.attachFailures + 1;
      const counted = { ...life, attachFailures };
      const ended = event.reason === 'timeout' ? end(counted, 'unresponsive') : endBySelf(counted);
      const other: LifeEffect[] = attachFailures >= ATTACH_FAILURES_MAX ? [{ kind: 'replaceThread' }] : [];
      return { life: ended.life, effects: [failed(event.reason, event.message), ...ended.effects, ...other] };
    }
    case 'pipeEnded': {
      if (browser.phase === 'ending') return same(life);
      const ended = endBySelf(life);
      return isStarting ? { ...ended, effects: [failed('attach', DIED_EARLY), ...ended.effects] } : ended;
    }
    case 'graceOver':
      return { life, effects: [kill('unresponsive')] };
    case 'useless':
      return end(life, event.reason);
    case 'exited': {
      const hasWorked = nowMs - browser.bornAtMs >= WORKED_MS;
      const told = isStarting ? [failed('attach', DIED_EARLY)] : [];
      return over(life, hasWorked ? 0 : life.failures + 1, [...told, { kind: 'detach' }]);
    }
  }
}

const DIED_EARLY = 'the browser ended before a worker was attached to it';

/** `failing`: it cannot be started, or has died fast, again and again; it is tried on and on. */
export type ShardCondition = 'starting' | 'ready' | 'failing' | 'stopped';

export function conditionOf({ isStopped, browser, failures }: Life): ShardCondition {
  if (isStopped) return 'stopped';
  if (browser?.phase === 'ready') return 'ready';
  return failures >= FAILURES_MAX ? 'failing' : 'starting';
}

function same(life: Life): Step {
  return { life, effects: [] };
}

function inPhase(life: Life, phase: BrowserPhase): Life {
  return life.browser ? { ...life, browser: { ...life.browser, phase } } : life;
}

function kill(reason: BrowserExitReason): LifeEffect {
  return { kind: 'kill', reason };
}

function failed(reason: LaunchFailureReason, message: string): LifeEffect {
  return { kind: 'reportFailure', reason, message };
}

/** It is about to go and has its reason, so it is given a moment before it is ended with another. */
function endBySelf(life: Life): Step {
  const grace: LifeEffect = { kind: 'grace', generation: life.generation, ms: LOST_GRACE_MS };
  return { life: inPhase(life, 'ending'), effects: [{ kind: 'detach' }, grace] };
}

/** Starts a browser when nothing stands against it. */
function begin(life: Life, nowMs: number): Step {
  if (life.isStopped || life.isPausing || life.browser || !life.hasThread) return same(life);
  const generation = life.generation + 1;
  const browser = { phase: 'spawning', bornAtMs: nowMs } as const;
  return { life: { ...life, generation, browser }, effects: [{ kind: 'spawn', generation }] };
}

function attach(life: Life): Step {
  const limitMs = ATTACH_LIMIT_MS * 2 ** life.attachFailures;
  return { life: inPhase(life, 'attaching'), effects: [{ kind: 'attach', generation: life.generation, limitMs }] };
}

function end(life: Life, reason: BrowserExitReason): Step {
  if (!life.browser) return same(life);
  // One that is not there yet is told once it is.
  const effects = life.browser.phase === 'spawning' ? [] : [{ kind: 'detach' } as const, kill(reason)];
  return { life: inPhase(life, 'ending'), effects };
}

/** The browser has gone, or never came. */
function over(life: Life, failures: number, effects: readonly LifeEffect[]): Step {
  if (life.isStopped) return { life: { ...life, browser: null, failures }, effects };
  const ms = Math.min(BACK_OFF_FIRST_MS * 2 ** Math.max(0, failures - 1), BACK_OFF_LAST_MS);
  return { life: { ...life, browser: null, failures, isPausing: true }, effects: [...effects, { kind: 'pause', ms }] };
}
