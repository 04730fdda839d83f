/**
 * The CPU time of one tree of processes whose members come and go. In: each member's counters; out: one sum that never
 * falls. Pure; main thread.
 *
 * It is not enough to add up what each member had when it was last seen. A session's renderer lives for less than a
 * second, and most are never seen at all: in 20 sessions, 319 of 543 ticks were of ended renderers. The kernel adds a
 * child's time to its parent's when the parent waits for it, as Chromium's zygote does. So the growth of that counts
 * too, less what was counted while the child was still seen.
 */

interface CpuCounters {
  readonly parentPid: number;
  readonly startTicks: number;
  readonly ownTicks: number;
  readonly reapedTicks: number;
}

export interface CpuLedger {
  /** Counts what a member has used since its last record. The same pid with another start is another process. */
  record(pid: number, counters: CpuCounters): void;
  /** Keeps only members for which `isListed` holds. What the others used stays counted. */
  retire(isListed: (pid: number) => boolean): void;
  totalTicks(): number;
}

interface Member extends CpuCounters {
  /** Time of ended descendants that was counted already and has not yet come up in `reapedTicks`. */
  readonly owedTicks: number;
}

export function openCpuLedger(): CpuLedger {
  const members = new Map<number, Member>();
  let totalTicks = 0;

  // Hands the debt to the nearest ancestor that lives. Those between may have ended too, each after it had waited for
  // the next. If nobody waits, because the child was handed to init, the debt hides as much of later growth: too little
  // is counted, never anything twice.
  function hand(debtTicks: number, fromPid: number, isListed: (pid: number) => boolean): void {
    let pid = fromPid;
    for (let steps = 0; steps <= members.size; steps++) {
      const member = members.get(pid);
      if (member === undefined) return;
      if (isListed(pid)) {
        members.set(pid, { ...member, owedTicks: member.owedTicks + debtTicks });
        return;
      }
      pid = member.parentPid;
    }
  }

  function retire(isListed: (pid: number) => boolean): void {
    const ended = [...members].filter(([pid]) => !isListed(pid));
    for (const [, { parentPid, ownTicks, reapedTicks, owedTicks }] of ended) {
      hand(ownTicks + reapedTicks + owedTicks, parentPid, isListed);
    }
    for (const [pid] of ended) members.delete(pid);
  }

  return {
    record(pid, counters) {
      const isReused = members.has(pid) && members.get(pid)?.startTicks !== counters.startTicks;
      if (isReused) retire((other) => other !== pid);
      const before = members.get(pid) ?? { ownTicks: 0, reapedTicks: 0, owedTicks: 0 };
      const ownTicks = Math.max(counters.ownTicks, before.ownTicks);
      const reapedTicks = Math.max(counters.reapedTicks, before.reapedTicks);
      const paidTicks = Math.min(before.owedTicks, reapedTicks - before.reapedTicks);
      totalTicks += ownTicks - before.ownTicks + (reapedTicks - before.reapedTicks - paidTicks);
      members.set(pid, { ...counters, ownTicks, reapedTicks, owedTicks: before.owedTicks - paidTicks });
    },
    retire,
    totalTicks: () => totalTicks,
  };
}
