/**
 * Which user Chromium may run as, whether in its own sandbox, and what it is to the kernel. In: our own user, which ids
 * have a name, and what `launch.ts` has found; out: the choices, best first. `trial.ts` finds out which of them works
 * on this machine. Pure.
 */
import type { Means } from './launch.js';

export interface Cage extends Means {
  /** The user id, which is the group's id too; null: the server's own user. */
  readonly uid: number | null;
  readonly isSandboxed: boolean;
}

/**
 * Below 65 536, because a container may have no more ids. No system gives these to people, services or containers. A
 * user with a name would be shared: all programs that run as `nobody` can reach each other.
 */
const UIDS = Array.from({ length: 14 }, (_, i) => 65_533 - i);

/** `accounts` are the texts of /etc/passwd and /etc/group. */
export function cagesFor(ownUid: number | undefined, accounts: readonly string[], means: Means): Cage[] {
  const own = { uid: null, isSandboxed: false, ...means };
  // As root, Chromium refuses to run in its sandbox.
  if (ownUid !== 0) return [{ uid: null, isSandboxed: true, ...means }, own];
  const uid = unnamedUid(accounts);
  if (uid === undefined) return [own];
  return [{ uid, isSandboxed: true, ...means }, { uid, isSandboxed: false, ...means }, own];
}

function unnamedUid(accounts: readonly string[]): number | undefined {
  const named = new Set(accounts.flatMap((text) => text.split('\n').map((line) => Number(line.split(':')[2]))));
  return UIDS.find((uid) => !named.has(uid));
}
