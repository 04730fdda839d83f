/**
 * What Chromium cannot know of a page's way out, because it sees only the proxy of each context: which address was
 * dialled, and why a connection was refused. The egress thread tells it. Worker thread.
 */
import type { FailureCode } from '../failures.js';
import type { Failed, NavigationAnswer } from '../protocol/job.js';
import type { Exit } from './egress.js';
import type { Lease } from './lease.js';

/** Chromium's errors when the proxy refuses, whatever the reason was. */
const REFUSED = /net::ERR_(SOCKS|PROXY|TUNNEL)_CONNECTION_FAILED/;

/** The answer, with the address from which it came. */
export function located(answer: NavigationAnswer | null, exit: Exit | null): NavigationAnswer | null {
  if (!answer || !exit) return answer;
  const fate = exit.fate(answer.url);
  return fate?.kind === 'dialled'
    ? { ...answer, ip: fate.address, port: fate.port }
    : { ...answer, ip: null, port: null };
}

/**
 * A navigation that failed at the proxy, told as it would have failed without one. All other failures stay as they are.
 * Afterwards all that the thread has told is known: word that it is gone may come later than what that broke.
 */
export async function trueReason(
  failed: Failed,
  { exit, navigator }: Pick<Lease, 'exit' | 'navigator'>,
): Promise<Failed> {
  if (!exit) return failed;
  const isRefused = failed.code === 'NAVIGATION_FAILED' && REFUSED.test(failed.message);
  const url = isRefused ? await navigator.unreachable() : null;
  await exit.heard();
  const fate = url === null ? null : exit.fate(url);
  if (fate?.kind !== 'refused') return failed;
  const { reason, netError, message } = fate;
  const code: FailureCode = reason === 'policy' || reason === 'listener' ? 'FORBIDDEN_TARGET' : 'NAVIGATION_FAILED';
  return { isOk: false, code, message: code === 'FORBIDDEN_TARGET' ? message : netError };
}
