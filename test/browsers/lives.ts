/**
 * States of a shard's life, the effects on its browsers, and the form of a row: for `lifecycle-rows.ts` and
 * `lifecycle-rows-of-two.ts`.
 */

import {
  ATTACH_LIMIT_MS,
  type Browser,
  type BrowserPhase,
  END_LIMIT_MS,
  type Life,
  type LifeEffect,
  type LifeEvent,
  LOST_GRACE_MS,
  UNBORN,
  WORKED_MS,
} from '../../src/browsers/lifecycle.js';

/** The generation of the present browser. */
export const G = 7;
export const BORN_MS = 1_000;
/** Soon after the browser's birth, and long after it. */
export const [SOON_MS, LATE_MS] = [BORN_MS + 50, BORN_MS + WORKED_MS];

export function browser(phase: BrowserPhase, rest: Partial<Browser> = {}): Browser {
  return { generation: G, phase, bornAtMs: BORN_MS, isOverdue: false, ...rest };
}

/** A browser that should have gone before the present one was begun. */
export const OVERDUE = browser('ending', { generation: G - 1, bornAtMs: 0, isOverdue: true });

export function life(phase: BrowserPhase | null, rest: Partial<Life> = {}): Life {
  return { ...UNBORN, hasThread: true, generation: G, browsers: phase === null ? [] : [browser(phase)], ...rest };
}

/** A browser beside the overdue one. */
export function beside(phase: BrowserPhase, rest: Partial<Life> = {}): Life {
  return life(phase, { browsers: [OVERDUE, browser(phase)], ...rest });
}

export const spawn = (generation: number): LifeEffect => ({ kind: 'spawn', generation });
export const attach = (limitMs = ATTACH_LIMIT_MS): LifeEffect => ({ kind: 'attach', generation: G, limitMs });
export const detach: LifeEffect = { kind: 'detach', generation: G };
export const kill = (reason: 'killed' | 'shutdown' | 'unresponsive' | 'no_pages', generation = G): LifeEffect => ({
  kind: 'kill',
  generation,
  reason,
  limitMs: END_LIMIT_MS,
});
export const pause = (ms: number): LifeEffect => ({ kind: 'pause', ms });
export const grace: LifeEffect = { kind: 'grace', generation: G, ms: LOST_GRACE_MS };
export const failed = (reason: 'spawn' | 'attach' | 'timeout', message: string): LifeEffect => ({
  kind: 'reportFailure',
  reason,
  message,
});

export interface Row {
  readonly name: string;
  readonly from: Life;
  readonly event: LifeEvent;
  readonly atMs?: number;
  /** `phase` is the newest browser's; `phases` are all browsers'. */
  readonly to: Partial<Life> & { readonly phase?: BrowserPhase | null; readonly phases?: readonly BrowserPhase[] };
  readonly effects: readonly LifeEffect[];
}

/** An event about the present browser. */
export const ended = { generation: G } as const;
