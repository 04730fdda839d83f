/**
 * Processes that outlived their server, found by where they are: a Chromium and its children have their working
 * directory in the server's folder. In: folders without a server; out: nobody is in them. Main thread.
 *
 * Chromium's sandbox moves renderers and their zygotes to an empty directory in /proc. They are found as children of a
 * process that is in the folder, in the same process group; a shell's jobs would have another group. A name would also
 * find other people's Chromium, and a group alone may belong to somebody else by now.
 */
import { readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { readStat } from '../host/process-files.js';
import { readNumericNames } from '../host/virtual-files.js';

const PROC = '/proc';
/** A process that waits in the driver of a broken disk goes only when the driver lets it. */
const GONE_LIMIT_MS = 5_000;
/** Only its parent is told of a process's end, so others have to look. */
const LOOK_EVERY_MS = 20;

interface Member {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  readonly startTicks: number;
}

/** Kills all processes in `folders`, which are real paths. Resolves when they are gone or the limit is over. */
export async function endProcessesIn(folders: readonly string[]): Promise<void> {
  const dying = new Map<number, Member>();
  for (let waitedMs = 0; waitedMs < GONE_LIMIT_MS; waitedMs += LOOK_EVERY_MS) {
    const killed = findMembers(folders).filter(({ pid }) => kill(pid));
    for (const member of killed) dying.set(member.pid, member);
    for (const member of dying.values()) if (!isRunning(member)) dying.delete(member.pid);
    // A process may have forked just before it was killed. So it ends with a look that finds nobody.
    if (killed.length === 0 && dying.size === 0) return;
    await pause(LOOK_EVERY_MS);
  }
}

export function isAnybodyIn(folder: string): boolean {
  return findPids([folder]).length > 0;
}

/** A zombie is dead. Only its parent has not noticed, and in a container it may never do so. */
export function isAlive(pid: number): boolean {
  return readStat(PROC, pid)?.isDead === false;
}

function isRunning({ pid, startTicks }: Member): boolean {
  const stat = readStat(PROC, pid);
  return stat !== null && !stat.isDead && stat.startTicks === startTicks;
}

function findMembers(folders: readonly string[]): Member[] {
  const inside = new Set(findPids(folders));
  if (inside.size === 0) return [];
  const all = otherPids().flatMap((pid) => {
    const stat = readStat(PROC, pid);
    return stat === null || stat.isDead ? [] : [{ pid, ...stat }];
  });
  const members = all.filter(({ pid }) => inside.has(pid));
  // The list grows while it is walked, so children of children are found too.
  for (const { pid: parent, groupId } of members) {
    const children = all.filter((one) => one.parentPid === parent && one.groupId === groupId && !inside.has(one.pid));
    for (const child of children) inside.add(child.pid);
    members.push(...children);
  }
  return members;
}

function findPids(folders: readonly string[]): number[] {
  return otherPids().filter((pid) => {
    const path = readCwd(pid);
    return path !== null && folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
  });
}

/** Never this process, wherever it was started. */
function otherPids(): number[] {
  return (readNumericNames(PROC) ?? []).filter((pid) => pid !== process.pid);
}

/** Null when the process has gone, or is not ours. When its directory was removed, this is where it was. */
function readCwd(pid: number): string | null {
  try {
    return readlinkSync(`${PROC}/${pid}/cwd`);
  } catch {
    return null;
  }
}

/** Whether it was there and we could kill it. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
