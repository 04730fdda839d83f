/**
 * What Chromium cannot know of a page's way out, since it only sees the proxy that each context has: which address was
 * dialled, and why a connection was refused. Told by the egress thread. Worker thread.
 */
import type { FailureCode } from '../failures.js';
import type { Failed, NavigationAnswer } from '../protocol/job.js';
import type { Exit } from './egress.js';
import type { Lease } from './lease.js';

/** Whatever the reason was. */
const REFUSED = /net::ERR_(SOCKS|PROXY|TUNNEL)_CONNECTION_FAILED/;

/** The answer with the address that it came from. */
export function located(answer: NavigationAnswer | null, exit: Exit | null): NavigationAnswer | null {
  if (!answer || !exit) return answer;
  const fate = exit.fate(answer.url);
  return fate?.kind === 'dialled'
    ? { ...answer, ip: fate.address, port: fate.port }
    : { ...answer, ip: null, port: null };
}

/**
 * A navigation that failed at the proxy, told as it would have been without. Anything else as it is; all that
 * the thread has told is known then too, because word that it is gone may come behind what that broke.
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
