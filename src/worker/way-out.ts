/**
 * What Chromium cannot know of a page's way out, since it only sees the proxy that each context has: which address was
 * dialled, and why a connection was refused. Asked of the egress thread. Worker thread.
 */
import type { FailureCode } from '../failures.js';
import type { Failed, NavigationAnswer } from '../protocol/job.js';
import type { Exit } from './egress.js';
import type { Lease } from './lease.js';

/** Whatever the reason was. */
const REFUSED = /net::ERR_(SOCKS|PROXY|TUNNEL)_CONNECTION_FAILED/;

/** The answer with the address that it came from. */
export async function located(answer: NavigationAnswer | null, exit: Exit | null): Promise<NavigationAnswer | null> {
  if (!answer || !exit) return answer;
  const fate = await exit.fate(answer.url);
  return fate?.kind === 'dialled'
    ? { ...answer, ip: fate.address, port: fate.port }
    : { ...answer, ip: null, port: null };
}

/** A navigation that failed at the proxy, told as it would have been without. Anything else as it is. */
export async function trueReason(
  failed: Failed,
  { exit, navigator }: Pick<Lease, 'exit' | 'navigator'>,
): Promise<Failed> {
  if (failed.code !== 'NAVIGATION_FAILED' || !exit || !REFUSED.test(failed.message)) return failed;
  const url = await navigator.unreachable();
  const fate = url === null ? null : await exit.fate(url);
  if (fate?.kind !== 'refused') return failed;
  const { reason, netError, message } = fate;
  const code: FailureCode = reason === 'policy' || reason === 'listener' ? 'FORBIDDEN_TARGET' : 'NAVIGATION_FAILED';
  return { isOk: false, code, message: code === 'FORBIDDEN_TARGET' ? message : netError };
}
