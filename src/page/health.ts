/**
 * Whether sessions end well: of those that ended in the last minutes, how many failed, why, and whether that is better
 * or worse than before. Pure.
 */
import type { Ended, Recent } from './figures.js';
import { count, percent, span } from './format.js';

/** One in seven, as the alert of the fast failures has it; fewer than three may be chance. */
const SHARE_MIN = 1 / 7;
const COUNT_MIN = 3;
const REASONS_MAX = 4;
/** What the server looks at; less when it is younger. */
const SPAN_MS = 300_000;

export interface Health {
  readonly isFailing: boolean;
  /** Sessions are turned away, more than a few. */
  readonly isRefusing: boolean;
  /** Of the sessions that ended; null: none did. */
  readonly failedShare: number | null;
  readonly refusedShare: number;
  readonly endedCount: number;
  readonly refusedCount: number;
  /** `up from 2 %`; empty: there is nothing to compare with. */
  readonly trend: string;
  readonly text: string;
}

export function healthOf({ last5Minutes, before }: Recent): Health {
  const now = sharesOf(last5Minutes);
  const then = sharesOf(before);
  const within = last5Minutes.spanMs < SPAN_MS ? 'since the server started' : `in the last ${span(SPAN_MS)}`;
  const { killed = 0 } = last5Minutes.failures;
  const more = [
    ...(killed === 0 ? [] : [`${killed === 1 ? '1 was' : `${count(killed)} were`} ended by an operator`]),
    ...(now.refused === 0 ? [] : [`${count(now.refused)} refused: ${reasonsOf(refusalsOf(last5Minutes))}`]),
  ];
  return {
    isFailing: isMuch(now.failed, now.failedShare),
    isRefusing: isMuch(now.refused, now.refusedShare),
    failedShare: now.ended === 0 ? null : now.failedShare,
    refusedShare: now.refusedShare,
    endedCount: now.ended,
    refusedCount: now.refused,
    trend: now.ended === 0 ? '' : trendOf(now.failedShare, then),
    text: [textOf(now, within, then), ...more].join('. '),
  };
}

/** Of each kind of session, the most frequent first. */
export function kindsOf({ kinds }: Recent): readonly ({ readonly kind: string } & ReturnType<typeof sharesOf>)[] {
  const all = Object.entries(kinds).map(([kind, ended]) => ({ kind, ...sharesOf(ended) }));
  return all.filter((one) => one.ended + one.refused > 0).sort((one, other) => other.ended - one.ended);
}

/** How many sessions end in a minute, over the last minute; null: the server has only just started. */
export function rateOf({ lastMinute }: Recent): { readonly perMinute: number; readonly overMs: number } | null {
  const { spanMs: overMs, successful, failures } = lastMinute;
  if (overMs < 1_000) return null;
  return { perMinute: ((successful + sumOf(failures)) * 60_000) / overMs, overMs };
}

type Shares = ReturnType<typeof sharesOf>;

/** What an operator has ended is no failure, and has not ended well. */
function sharesOf(ended: Ended) {
  const failures = failuresOf(ended);
  const failed = sumOf(failures);
  const all = ended.successful + failed;
  const refused = sumOf(refusalsOf(ended));
  const [failedShare, refusedShare] = [failed / Math.max(all, 1), refused / Math.max(all + refused, 1)];
  return { failures, failed, ended: all, failedShare, refused, refusedShare };
}

function failuresOf({ failures: { killed: _killed, ...failures } }: Ended): Readonly<Record<string, number>> {
  return failures;
}

/** Whoever left while waiting was not refused. */
function refusalsOf({ refusals: { abandoned: _abandoned, ...refusals } }: Ended): Readonly<Record<string, number>> {
  return refusals;
}

function isMuch(some: number, share: number): boolean {
  return some >= COUNT_MIN && share >= SHARE_MIN;
}

function textOf({ failures, failed, ended, failedShare }: Shares, within: string, then: Shares): string {
  if (ended === 0) return `No session has ended ${within}`;
  if (failed === 0) {
    const better = then.failed === 0 || then.ended < COUNT_MIN ? '' : `; ${shareText(then.failedShare)} failed before`;
    return `${count(ended)} of ${count(ended)} sessions ended well ${within}${better}`;
  }
  const shares = [shareText(failedShare), trendOf(failedShare, then)].filter((part) => part !== '').join(', ');
  return `${count(failed)} of ${count(ended)} sessions failed ${within} (${shares}): ${reasonsOf(failures)}`;
}

function trendOf(now: number, then: Shares): string {
  // Of one or two it may be chance.
  if (then.ended < COUNT_MIN) return '';
  const [text, before] = [shareText(now), shareText(then.failedShare)];
  return text === before ? 'as before' : `${now > then.failedShare ? 'up' : 'down'} from ${before}`;
}

/** What is not nothing does not look like it. */
export function shareText(share: number): string {
  return share > 0 && share < 0.01 ? 'under 1 %' : percent(share);
}

/** `7 timeout, 2 navigation`, the most frequent first. */
function reasonsOf(counts: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(counts).sort(([, one], [, other]) => other - one);
  const others = sorted.slice(REASONS_MAX).reduce((sum, [, times]) => sum + times, 0);
  const most = sorted.slice(0, REASONS_MAX).map(([reason, times]) => `${count(times)} ${reason}`);
  return [...most, ...(others === 0 ? [] : [`${count(others)} others`])].join(', ');
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, one) => sum + one, 0);
}
