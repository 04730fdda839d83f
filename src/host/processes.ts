/**
 * Chromium's process trees. In: the pids of the browsers that main spawned, and /proc; out: processes by type, memory
 * and CPU time. Main thread, synchronous; called on somebody else's timer.
 *
 * A tree is the browser's process group and its descendants. Each browser is spawned into a group of its own, and
 * orphans stay in it. The children files of /proc are of no use: Chromium forks from a pool thread too, so every
 * thread's file would have to be read. Instead /proc is listed, and each new pid is looked up once. A pid cannot change
 * its process unnoticed, unless all pids are used up between two samples. Measured (Node 20.20, 2 CPUs, 2 browsers of 9
 * processes each): a sample takes 2.7 ms on a machine with 513 processes, 1.0 of it the listing, and 1.7 ms with 103.
 * The first, which reads them all, takes 24 and 8 ms. Reading every stat each time would add 9.5 ms. Promises cost main
 * 2.2 ms for 16 files, synchronous reads 0.4.
 */

import { type CpuLedger, openCpuLedger } from './cpu-ledger.js';
import { CLOCK_TICKS_PER_SECOND, type ProcessStat, readAnonBytes, readStat, readTypeFlag } from './process-files.js';
import { readNumericNames } from './virtual-files.js';

export const PROCESS_TYPES = ['browser', 'renderer', 'gpu', 'utility', 'zygote', 'other'] as const;
type ProcessType = (typeof PROCESS_TYPES)[number];

export interface TreeSample {
  /** Processes that live; the root is the one `browser`. */
  readonly counts: Readonly<Record<ProcessType, number>>;
  /** Sum of RssAnon. */
  readonly anonBytes: number;
  /** Of all processes that the tree ever had, with the root's start and the ended ones. Never falls. */
  readonly cpuSeconds: number;
}

export interface ProcessWatch {
  /**
   * One sample for each root, in the given order. A root that has gone has zero counts and keeps its `cpuSeconds`. When
   * another process gets its pid, that process is not taken for it. Empty when /proc cannot be read, because then
   * nothing is known: for example when no descriptor is left.
   */
  sample(roots: readonly number[]): TreeSample[];
  /** Forgets a root: its browser was replaced, and another process may get its pid. */
  forget(root: number): void;
}

/** What never changes about a process, or seldom. */
interface Identity {
  readonly parentPid: number;
  readonly groupId: number;
  readonly startTicks: number;
  /** The root of its tree. It stays when the process is handed to init. */
  root: number | null;
  /**
   * null until it is certain: after a fork, a process has its parent's command line until it starts its own program.
   */
  type: ProcessType | null;
  /** What was read last; `of` was its `memoryState` then. */
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

  /** Begins to follow the root when it is first seen, and stops when it has ended. */
  function isAlive(root: number): boolean {
    const isListed = identities.has(root);
    const stat = isListed ? readStat(procRoot, root) : null;
    // It is listed and cannot be read: it ended this moment, or we have no descriptor left. The next sample tells.
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

  /** What is known of the pid; begun anew when another process has it now. */
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

/** Of the listed pids only, so what is kept is bounded by the machine's processes. */
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

/**
 * The live root in whose tree `pid` is: `pid` itself, else the leader of its group, else the root of its nearest
 * ancestor.
 */
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
  // A renderer forked by the zygote shows `zygote` for a moment. A child that has not started its program shows no
  // type.
  if (type !== 'zygote' && type !== 'other') identity.type = type;
  return type;
}

/**
 * Not read again while the process stands still, as all do at night. Reading `status` costs more than the rest of a
 * sample.
 */
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
