/**
 * Whether sessions end well: of those that ended in the last minutes, how many failed, why, and whether that is better
 * or worse than before. Pure.
 */
import type { Ended, Recent } from './figures.js';
import { count, percent, span } from './format.js';

/** One in seven, as in the alert HeadcountFailuresFast. Fewer than three may be chance. */
const SHARE_MIN = 1 / 7;
const COUNT_MIN = 3;
const REASONS_MAX = 4;
/** The server looks back so far, or to its start. */
const SPAN_MS = 300_000;

export interface Health {
  readonly isFailing: boolean;
  /** More than a few sessions are turned away. */
  readonly isRefusing: boolean;
  /** Share of the sessions that ended; null: none has ended. */
  readonly failedShare: number | null;
  readonly refusedShare: number;
  readonly endedCount: number;
  readonly refusedCount: number;
  /** Such as `up from 2 %`. Empty: there is nothing to compare with. */
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

/** One line for each kind of session, the most frequent first. */
export function kindsOf({ kinds }: Recent): readonly ({ readonly kind: string } & ReturnType<typeof sharesOf>)[] {
  const all = Object.entries(kinds).map(([kind, ended]) => ({ kind, ...sharesOf(ended) }));
  return all.filter((one) => one.ended + one.refused > 0).sort((one, other) => other.ended - one.ended);
}

/** Sessions that ended in the last minute, as a rate. Null: the server has only just started. */
export function rateOf({ lastMinute }: Recent): { readonly perMinute: number; readonly overMs: number } | null {
  const { spanMs: overMs, successful, failures } = lastMinute;
  if (overMs < 1_000) return null;
  return { perMinute: ((successful + sumOf(failures)) * 60_000) / overMs, overMs };
}

type Shares = ReturnType<typeof sharesOf>;

/** A session that an operator has ended counts neither as failed nor as well. */
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

/** A client that left while it waited was not refused. */
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
  // With one or two sessions it may be chance.
  if (then.ended < COUNT_MIN) return '';
  const [text, before] = [shareText(now), shareText(then.failedShare)];
  return text === before ? 'as before' : `${now > then.failedShare ? 'up' : 'down'} from ${before}`;
}

/** A share above 0 is never shown as 0. */
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
