/**
 * Where this process's cgroups are: /proc/self/cgroup and the folders that exist, in; folders from its own cgroup up to
 * the mount's root, out. Main thread. A line in /proc/self/cgroup proves nothing (`0::/` is there on machines whose v2
 * has no controllers), so callers look for the files they need in what is returned here.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from './virtual-files.js';

/** Far deeper than any real tree; what lies further out is not looked at. */
const CGROUP_DEPTH_MAX = 32;

interface Membership {
  /** Empty for v2; for v1 the controllers of one hierarchy, such as `cpu,cpuacct`. */
  readonly controllers: string;
  readonly path: string;
}

/** The v2 folders, own first. On a hybrid machine v2 is mounted one folder down. */
export function unifiedFolders(sysRoot: string): string[] {
  const hybridMount = join(sysRoot, 'sys/fs/cgroup/unified');
  const mount = existsSync(join(hybridMount, 'cgroup.controllers')) ? hybridMount : join(sysRoot, 'sys/fs/cgroup');
  const own = readMemberships(sysRoot).find((membership) => membership.controllers === '');
  return foldersUpwards(mount, own?.path ?? '/');
}

/** The v1 folders of one controller, own first. The mount is named after the whole hierarchy, or after the one. */
export function legacyFolders(sysRoot: string, controller: string): string[] {
  const own = readMemberships(sysRoot).find(({ controllers }) => controllers.split(',').includes(controller));
  const hierarchyMount = join(sysRoot, 'sys/fs/cgroup', own?.controllers ?? controller);
  const mount = existsSync(hierarchyMount) ? hierarchyMount : join(sysRoot, 'sys/fs/cgroup', controller);
  return foldersUpwards(mount, own?.path ?? '/');
}

function readMemberships(sysRoot: string): Membership[] {
  const memberships: Membership[] = [];
  for (const line of (readText(join(sysRoot, 'proc/self/cgroup')) ?? '').split('\n')) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match !== null) memberships.push({ controllers: match[1] ?? '', path: match[2] ?? '/' });
  }
  return memberships;
}

/**
 * In a container the path is often the one that the host sees, or leads out of the namespace by `..`; what is mounted
 * is then the container's own cgroup, so the mount's root stands for it.
 */
function foldersUpwards(mount: string, path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  if (names.includes('..') || !existsSync(join(mount, ...names))) return [mount];
  const folders: string[] = [];
  for (let depth = names.length; depth >= 0 && folders.length < CGROUP_DEPTH_MAX; depth--) {
    folders.push(join(mount, ...names.slice(0, depth)));
  }
  return folders;
}
