/**
 * The life of a shard's browsers as a table: state × event → state and effects. Each browser has a generation. An event
 * about a browser that has gone changes nothing. There are two browsers while one that was told to go is still there.
 * Pure: `supervisor.ts` carries out the effects.
 */
import type { BrowserExitReason, LaunchFailureReason } from '../protocol/names.js';

export const BACK_OFF_FIRST_MS = 100;
export const BACK_OFF_LAST_MS = 5_000;
/** A browser that lived this long has worked; one that dies sooner is a fast death. */
export const WORKED_MS = 10_000;
/** The shard counts as failing after so many failed starts, fast deaths and threads that never worked, in a row. */
export const FAILURES_MAX = 5;
/** When a thread could not attach so often in a row, it is the thread's fault and not the browsers'. */
export const ATTACH_FAILURES_MAX = 3;
/** Attaching takes a fraction of a second. The limit doubles each time that it is passed, for slow machines. */
export const ATTACH_LIMIT_MS = 10_000;
/** A browser whose pipe has ended goes by itself within this time, or never. */
export const LOST_GRACE_MS = 1_000;
/**
 * The kernel ends a process within ms, or never when the process waits for a disk that does not answer. The next
 * browser waits no longer than this.
 */
export const END_LIMIT_MS = 5_000;
/**
 * One at work and one that cannot be ended. Without this bound, a kernel that can end none would get one more every few
 * seconds.
 */
export const BROWSERS_MAX = 2;

/**
 * `spawned`: it waits for the shard's thread. `ending`: it was told to go, or its pipe has ended, and it is still
 * there.
 */
export type BrowserPhase = 'spawning' | 'spawned' | 'attaching' | 'ready' | 'ending';

export interface Life {
  readonly hasThread: boolean;
  readonly isStopped: boolean;
  /** No browser is started before the pause is over. */
  readonly isPausing: boolean;
  /** Of the newest browser. */
  readonly generation: number;
  /** By age. The newest is last and is the shard's; the others are about to go. */
  readonly browsers: readonly Browser[];
  /** In a row. */
  readonly failures: number;
  /** Of this thread, in a row. */
  readonly attachFailures: number;
}

export interface Browser {
  readonly generation: number;
  readonly phase: BrowserPhase;
  readonly bornAtMs: number;
  /** It was told to go and has not gone in time: nobody waits for it any more. */
  readonly isOverdue: boolean;
}

export const UNBORN: Life = {
  hasThread: false,
  isStopped: false,
  isPausing: false,
  generation: 0,
  browsers: [],
  failures: 0,
  attachFailures: 0,
};

export type LifeEvent = ShardEvent | BrowserEvent;

type ShardEvent =
  | { readonly kind: 'threadReady' }
  | { readonly kind: 'threadLost' }
  /** The thread that was started for the shard never began to work. */
  | { readonly kind: 'threadFailed' }
  | { readonly kind: 'pauseOver' }
  | { readonly kind: 'stop' };

/** Events about the browser of that generation. */
type BrowserEvent = { readonly generation: number } & (
  | { readonly kind: 'spawned' }
  | { readonly kind: 'spawnFailed'; readonly message: string }
  | { readonly kind: 'attached' }
  | { readonly kind: 'attachFailed'; readonly reason: LaunchFailureReason; readonly message: string }
  /** Its worker has seen the end of its pipe. */
  | { readonly kind: 'pipeEnded' }
  | { readonly kind: 'graceOver' }
  /** It was killed a while ago and is still there. */
  | { readonly kind: 'endLimitOver' }
  /** It does not work any more. */
  | { readonly kind: 'useless'; readonly reason: BrowserExitReason }
  | { readonly kind: 'exited' }
);

export type LifeEffect = ShardEffect | BrowserEffect;

type ShardEffect =
  /** The thread does not work: another takes its place. */
  | { readonly kind: 'replaceThread' }
  | { readonly kind: 'pause'; readonly ms: number }
  | { readonly kind: 'reportFailure'; readonly reason: LaunchFailureReason; readonly message: string };

/** Effects on the browser of that generation. */
export type BrowserEffect = { readonly generation: number } & (
  | { readonly kind: 'spawn' }
  | { readonly kind: 'attach'; readonly limitMs: number }
  /** The worker holds its own ends of the pipe. */
  | { readonly kind: 'announce'; readonly launchMs: number }
  | { readonly kind: 'detach' }
  | { readonly kind: 'kill'; readonly reason: BrowserExitReason; readonly limitMs: number }
  | { readonly kind: 'grace'; readonly ms: number }
);

export interface Step {
  readonly life: Life;
  readonly effects: readonly LifeEffect[];
}

/** `nowMs` is monotonic. */
export function step(life: Life, event: LifeEvent, nowMs: number): Step {
  if ('generation' in event) {
    const browser = life.browsers.find(({ generation }) => generation === event.generation);
    return browser ? stepBrowser(life, browser, event, nowMs) : same(life);
  }
  switch (event.kind) {
    case 'threadReady': {
      const held = { ...life, hasThread: true, attachFailures: 0 };
      const waiting = life.browsers.find(({ phase }) => phase === 'spawned');
      return waiting ? attach(held, waiting) : begin(held, nowMs);
    }
    case 'threadLost': {
      const theirs = life.browsers.filter(({ phase }) => phase === 'attaching' || phase === 'ready');
      // Their pipes have lost the other end, so they go by themselves. This is for one that hangs.
      return endEach({ ...life, hasThread: false }, theirs, 'killed');
    }
    case 'threadFailed':
      return same(life.hasThread ? life : { ...life, failures: life.failures + 1 });
    case 'pauseOver':
      return begin({ ...life, isPausing: false }, nowMs);
    case 'stop':
      return endEach({ ...life, isStopped: true }, life.browsers, 'shutdown');
  }
}

function stepBrowser(life: Life, browser: Browser, event: BrowserEvent, nowMs: number): Step {
  const { generation, phase } = browser;
  const isStarting = phase === 'spawned' || phase === 'attaching';
  switch (event.kind) {
    case 'spawned':
      // It was told to go before it was spawned.
      if (phase === 'ending') return { life, effects: [kill(browser, life.isStopped ? 'shutdown' : 'killed')] };
      return life.hasThread ? attach(life, browser) : same(inPhase(life, browser, 'spawned'));
    case 'spawnFailed':
      return over(life, browser, {
        failures: life.failures + 1,
        effects: phase === 'ending' ? [] : [failed('spawn', event.message)],
      });
    case 'attached': {
      if (phase !== 'attaching') return same(life);
      const launchMs = nowMs - browser.bornAtMs;
      const attached = { ...inPhase(life, browser, 'ready'), attachFailures: 0 };
      return { life: attached, effects: [{ kind: 'announce', generation, launchMs }] };
    }
    case 'attachFailed': {
      // A browser that was told to go, because its thread died or the server stops, has not failed to start.
      if (phase !== 'attaching') return same(life);
      const attachFailures = life.attachFailures + 1;
      const counted = { ...life, attachFailures };
      const ended = event.reason === 'timeout' ? end(counted, browser, 'unresponsive') : endBySelf(counted, browser);
      const other: LifeEffect[] = attachFailures >= ATTACH_FAILURES_MAX ? [{ kind: 'replaceThread' }] : [];
      return { life: ended.life, effects: [failed(event.reason, event.message), ...ended.effects, ...other] };
    }
    case 'pipeEnded': {
      if (phase === 'ending') return same(life);
      const ended = endBySelf(life, browser);
      return isStarting ? { ...ended, effects: [failed('attach', DIED_EARLY), ...ended.effects] } : ended;
    }
    case 'graceOver':
      return { life, effects: [kill(browser, 'unresponsive')] };
    case 'useless':
      return end(life, browser, event.reason);
    case 'endLimitOver': {
      if (phase !== 'ending' || browser.isOverdue) return same(life);
      // For everybody but the kernel it has ended. So its end is counted now, and no pause follows after such a wait.
      const failures = failuresAfter(life, browser, nowMs);
      return begin({ ...changed(life, browser, { isOverdue: true }), failures }, nowMs);
    }
    case 'exited': {
      if (browser.isOverdue) return begin(without(life, browser), nowMs);
      const told = isStarting ? [failed('attach', DIED_EARLY)] : [];
      return over(life, browser, {
        failures: failuresAfter(life, browser, nowMs),
        effects: [...told, { kind: 'detach', generation }],
      });
    }
  }
}

const DIED_EARLY = 'the browser ended before a worker was attached to it';

/** `failing`: again and again it could not be started, or died fast. It is still tried. */
export type ShardCondition = 'starting' | 'ready' | 'failing' | 'stopped';

export function conditionOf({ isStopped, browsers, failures }: Life): ShardCondition {
  if (isStopped) return 'stopped';
  if (browsers.at(-1)?.phase === 'ready') return 'ready';
  return failures >= FAILURES_MAX ? 'failing' : 'starting';
}

function same(life: Life): Step {
  return { life, effects: [] };
}

function changed(life: Life, { generation }: Browser, change: Partial<Browser>): Life {
  return {
    ...life,
    browsers: life.browsers.map((one) => (one.generation === generation ? { ...one, ...change } : one)),
  };
}

function without(life: Life, { generation }: Browser): Life {
  return { ...life, browsers: life.browsers.filter((one) => one.generation !== generation) };
}

function inPhase(life: Life, browser: Browser, phase: BrowserPhase): Life {
  return changed(life, browser, { phase });
}

function failuresAfter(life: Life, { bornAtMs }: Browser, nowMs: number): number {
  return nowMs - bornAtMs >= WORKED_MS ? 0 : life.failures + 1;
}

function kill({ generation }: Browser, reason: BrowserExitReason): LifeEffect {
  return { kind: 'kill', generation, reason, limitMs: END_LIMIT_MS };
}

function failed(reason: LaunchFailureReason, message: string): LifeEffect {
  return { kind: 'reportFailure', reason, message };
}

/** It goes by itself for a reason of its own. It gets a moment for that, before it is killed and has another reason. */
function endBySelf(life: Life, browser: Browser): Step {
  const { generation } = browser;
  const grace: LifeEffect = { kind: 'grace', generation, ms: LOST_GRACE_MS };
  return { life: inPhase(life, browser, 'ending'), effects: [{ kind: 'detach', generation }, grace] };
}

/** Starts a browser when nothing stands against it. */
function begin(life: Life, nowMs: number): Step {
  const isHeldUp = life.browsers.length >= BROWSERS_MAX || life.browsers.some(({ isOverdue }) => !isOverdue);
  if (life.isStopped || life.isPausing || isHeldUp || !life.hasThread) return same(life);
  const generation = life.generation + 1;
  const browser: Browser = { generation, phase: 'spawning', bornAtMs: nowMs, isOverdue: false };
  return {
    life: { ...life, generation, browsers: [...life.browsers, browser] },
    effects: [{ kind: 'spawn', generation }],
  };
}

function attach(life: Life, browser: Browser): Step {
  const limitMs = ATTACH_LIMIT_MS * 2 ** life.attachFailures;
  return {
    life: inPhase(life, browser, 'attaching'),
    effects: [{ kind: 'attach', generation: browser.generation, limitMs }],
  };
}

function end(life: Life, browser: Browser, reason: BrowserExitReason): Step {
  const { generation, phase } = browser;
  const ended = inPhase(life, browser, 'ending');
  // A browser that is still being spawned is told later.
  if (phase === 'spawning') return same(ended);
  const told = kill(browser, reason);
  return { life: ended, effects: phase === 'ending' ? [told] : [{ kind: 'detach', generation }, told] };
}

function endEach(life: Life, browsers: readonly Browser[], reason: BrowserExitReason): Step {
  let now = life;
  const effects = browsers.flatMap((browser) => {
    const ended = end(now, browser, reason);
    now = ended.life;
    return ended.effects;
  });
  return { life: now, effects };
}

/** The browser that the shard waited for has gone, or never came. */
function over(life: Life, browser: Browser, then: Pick<Life, 'failures'> & Pick<Step, 'effects'>): Step {
  const left = { ...without(life, browser), failures: then.failures };
  if (life.isStopped) return { life: left, effects: then.effects };
  const ms = Math.min(BACK_OFF_FIRST_MS * 2 ** Math.max(0, then.failures - 1), BACK_OFF_LAST_MS);
  return { life: { ...left, isPausing: true }, effects: [...then.effects, { kind: 'pause', ms }] };
}
