/**
 * As whom Chromium may run, and whether in its own sandbox. In: who we are, and which ids have a name; out: what there
 * is to choose from, best first. What of it works on this machine is for `trial.ts`. Pure.
 */

export interface Cage {
  /** The user, and the group of the same number; null: the server's own. */
  readonly uid: number | null;
  readonly isSandboxed: boolean;
}

/**
 * Below 65 536, since a container may have no more; no system gives these out, neither to people nor to services nor
 * to containers. A name would be another program's as well: whoever runs as `nobody` could reach each other.
 */
const UIDS = Array.from({ length: 14 }, (_, i) => 65_533 - i);

/** `accounts` are the texts of /etc/passwd and /etc/group. */
export function cagesFor(ownUid: number | undefined, accounts: readonly string[]): Cage[] {
  const own = { uid: null, isSandboxed: false };
  // With its sandbox, Chromium refuses to run as root.
  if (ownUid !== 0) return [{ uid: null, isSandboxed: true }, own];
  const uid = unnamedUid(accounts);
  return uid === undefined ? [own] : [{ uid, isSandboxed: true }, { uid, isSandboxed: false }, own];
}

function unnamedUid(accounts: readonly string[]): number | undefined {
  const named = new Set(accounts.flatMap((text) => text.split('\n').map((line) => Number(line.split(':')[2]))));
  return UIDS.find((uid) => !named.has(uid));
}
