/**
 * Chromium's process trees: the root pids that main spawned and /proc in; processes by type, memory and CPU time out.
 * Main thread, synchronous; called on a timer that somebody else runs.
 *
 * A tree is the root's process group (each browser is spawned into one of its own; orphans stay in it) and its
 * descendants. The children files of /proc do not do: Chromium forks from a pool thread too, so every thread's would
 * have to be read. Instead /proc is listed, and whose a pid is is read once, when it is new: it cannot come to mean
 * another process unnoticed, unless all pids are used up between two samples.
 * Measured (Node 20.20, 2 CPUs, 2 browsers of 9 processes each): a sample takes 2.7 ms when the machine has 513
 * processes, 1.0 of it the listing, and 1.7 ms when it has 103; the first, which reads them all, 24 and 8 ms. Reading
 * every stat each time would add 9.5 ms; promises cost main 2.2 ms for 16 files, synchronous reads 0.4.
 */

import { type CpuLedger, openCpuLedger } from './cpu-ledger.js';
import { CLOCK_TICKS_PER_SECOND, type ProcessStat, readAnonBytes, readStat, readTypeFlag } from './process-files.js';
import { readNumericNames } from './virtual-files.js';

export const PROCESS_TYPES = ['browser', 'renderer', 'gpu', 'utility', 'zygote', 'other'] as const;
type ProcessType = (typeof PROCESS_TYPES)[number];

export interface TreeSample {
  /** Processes alive; the root is the one `browser`. */
  readonly counts: Readonly<Record<ProcessType, number>>;
  /** Sum of RssAnon. */
  readonly anonBytes: number;
  /** Of all processes that the tree has had, the root's start-up and the ended ones included; never falls. */
  readonly cpuSeconds: number;
}

export interface ProcessWatch {
  /**
   * One sample for each root, in the order given. A root that is gone gives zero counts and keeps its `cpuSeconds`;
   * when its pid is used again by another process, that is not taken for it. None at all when /proc cannot be read, as
   * when no descriptor is left: nothing is known then.
   */
  sample(roots: readonly number[]): TreeSample[];
  /** Drops all that is known of a root: its browser was replaced, and its pid may become another's. */
  forget(root: number): void;
}

/** Who a process is, as far as it does not change. */
interface Identity {
  readonly parentPid: number;
  readonly groupId: number;
  readonly startTicks: number;
  /** Whose tree it is in. Stays when a member is handed to init. */
  root: number | null;
  /** null until it is sure: a forked process shows its parent's command line until it starts its own program. */
  type: ProcessType | null;
  /** As last read; `of` is its `memoryState` then. */
  anon: { readonly of: string; readonly bytes: number } | null;
}

interface Tree {
  readonly startTicks: number;
  readonly ledger: CpuLedger;
}

interface Sums {
  readonly counts: Record<ProcessType, number>;
  anonBytes: number;
}

/** Far deeper than any real chain of parents. */
const ANCESTORS_MAX = 64;

const TYPE_FLAGS: ReadonlyMap<string | null, ProcessType> = new Map([
  ['renderer', 'renderer'],
  ['gpu-process', 'gpu'],
  ['utility', 'utility'],
  ['zygote', 'zygote'],
]);

export function openProcessWatch({ procRoot = '/proc' }: { readonly procRoot?: string } = {}): ProcessWatch {
  let identities = new Map<number, Identity>();
  const trees = new Map<number, Tree>();

  function sample(roots: readonly number[]): TreeSample[] {
    const pids = readNumericNames(procRoot);
    if (pids === null) return [];
    const live = new Map<number, Sums>();
    identities = identify(procRoot, pids, identities);
    for (const root of roots) {
      if (isAlive(root)) live.set(root, { counts: noCounts(), anonBytes: 0 });
    }
    for (const pid of identities.keys()) measure(pid, live);
    return roots.map((root) => {
      const { counts, anonBytes } = live.get(root) ?? { counts: noCounts(), anonBytes: 0 };
      const totalTicks = trees.get(root)?.ledger.totalTicks() ?? 0;
      return { counts, anonBytes, cpuSeconds: totalTicks / CLOCK_TICKS_PER_SECOND };
    });
  }

  /** Opens the root's books when it is first seen, and takes those who ended off them. */
  function isAlive(root: number): boolean {
    const isListed = identities.has(root);
    const stat = isListed ? readStat(procRoot, root) : null;
    // Listed and not to be read: ended this instant, or we are out of file descriptors. The next sample will tell.
    if (isListed && stat === null) return false;
    let tree = trees.get(root);
    if (tree === undefined && stat !== null) {
      tree = { startTicks: stat.startTicks, ledger: openCpuLedger() };
      trees.set(root, tree);
    }
    const isSame = stat !== null && !stat.isDead && stat.startTicks === tree?.startTicks;
    tree?.ledger.retire((pid) => isSame && identities.has(pid));
    return isSame;
  }

  function measure(pid: number, live: ReadonlyMap<number, Sums>): void {
    if (findRoot(pid, identities, live) === null) return;
    const stat = readStat(procRoot, pid);
    if (stat === null) return;
    const identity = remember(pid, stat);
    const root = findRoot(pid, identities, live);
    if (root === null) return;
    identity.root = root;
    trees.get(root)?.ledger.record(pid, stat);
    const sums = live.get(root);
    if (sums === undefined || stat.isDead) return;
    sums.counts[pid === root ? 'browser' : typeOf(procRoot, pid, identity)]++;
    sums.anonBytes += anonBytesOf(procRoot, pid, { identity, memoryState: stat.memoryState });
  }

  /** The pid's identity, a new one if another process has it now. */
  function remember(pid: number, stat: ProcessStat): Identity {
    const known = identities.get(pid);
    if (known?.startTicks === stat.startTicks) return known;
    const identity = identityOf(stat);
    identities.set(pid, identity);
    return identity;
  }

  function forget(root: number): void {
    trees.delete(root);
    for (const identity of identities.values()) {
      if (identity.root === root) identity.root = null;
    }
  }

  return { sample, forget };
}

/** Those listed, and nobody else: what is kept is bounded by the machine's processes. */
function identify(
  procRoot: string,
  pids: readonly number[],
  known: ReadonlyMap<number, Identity>,
): Map<number, Identity> {
  const identities = new Map<number, Identity>();
  for (const pid of pids) {
    const identity = known.get(pid);
    if (identity !== undefined) {
      identities.set(pid, identity);
      continue;
    }
    const stat = readStat(procRoot, pid);
    if (stat !== null) identities.set(pid, identityOf(stat));
  }
  return identities;
}

function identityOf({ parentPid, groupId, startTicks }: ProcessStat): Identity {
  return { parentPid, groupId, startTicks, root: null, type: null, anon: null };
}

/** The live root in whose tree `pid` is: itself, the leader of its group, or the like of its nearest ancestor. */
function findRoot(
  pid: number,
  identities: ReadonlyMap<number, Identity>,
  live: ReadonlyMap<number, unknown>,
): number | null {
  let current = pid;
  for (let steps = 0; steps < ANCESTORS_MAX; steps++) {
    if (live.has(current)) return current;
    const identity = identities.get(current);
    if (identity === undefined) return null;
    if (identity.root !== null) return live.has(identity.root) ? identity.root : null;
    if (live.has(identity.groupId)) return identity.groupId;
    current = identity.parentPid;
  }
  return null;
}

function typeOf(procRoot: string, pid: number, identity: Identity): ProcessType {
  if (identity.type !== null) return identity.type;
  const type = TYPE_FLAGS.get(readTypeFlag(procRoot, pid)) ?? 'other';
  // A renderer forked by the zygote shows `zygote` for a moment, and a child before its exec no flag at all.
  if (type !== 'zygote' && type !== 'other') identity.type = type;
  return type;
}

/** Not read again for one that stands still, as all do at night: `status` costs more than all else of a sample. */
function anonBytesOf(
  procRoot: string,
  pid: number,
  { identity, memoryState }: { readonly identity: Identity; readonly memoryState: string },
): number {
  if (identity.anon?.of === memoryState) return identity.anon.bytes;
  const bytes = readAnonBytes(procRoot, pid);
  identity.anon = bytes === null ? null : { of: memoryState, bytes };
  return bytes ?? 0;
}

function noCounts(): Record<ProcessType, number> {
  return { browser: 0, renderer: 0, gpu: 0, utility: 0, zygote: 0, other: 0 };
}
