/**
 * Where this process's cgroups are. In: /proc/self/cgroup and the folders that exist; out: folders from its own cgroup
 * up to the mount's root. Main thread. A line in /proc/self/cgroup proves nothing: `0::/` is there on machines whose v2
 * has no controllers. So callers look for the files they need in these folders.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from './virtual-files.js';

/** Far deeper than any real tree. Folders further out are ignored. */
const CGROUP_DEPTH_MAX = 32;

interface Membership {
  /** Empty for v2; for v1 the controllers of one hierarchy, such as `cpu,cpuacct`. */
  readonly controllers: string;
  readonly path: string;
}

export interface CgroupFolders {
  /** The folders of v2, its own first. On a hybrid machine v2 is mounted one folder further down. */
  unified(): readonly string[];
  /**
   * The folders of one controller of v1, its own first. The mount has the name of the whole hierarchy, or of the
   * controller.
   */
  legacy(controller: string): readonly string[];
}

/**
 * The function that is returned gives the folders of that moment. They are looked for again only when the kernel says
 * that this process is in other cgroups. Looking takes a dozen calls, and would happen once a second for as long as the
 * server runs.
 */
export function openCgroupFolders(sysRoot: string): () => CgroupFolders {
  let text: string | null = null;
  let folders = findFolders(sysRoot, '');
  return () => {
    const now = readText(join(sysRoot, 'proc/self/cgroup')) ?? '';
    if (now !== text) folders = findFolders(sysRoot, now);
    text = now;
    return folders;
  };
}

function findFolders(sysRoot: string, memberships: string): CgroupFolders {
  const all = parseMemberships(memberships);
  const found = new Map<string, readonly string[]>();
  const once = (controller: string, find: typeof legacy): readonly string[] => {
    const known = found.get(controller);
    if (known) return known;
    const { mount, path } = find(sysRoot, all, controller);
    const folders = foldersUpwards(mount, path);
    // Its own folders may appear later.
    if (!folders) return [mount];
    found.set(controller, folders);
    return folders;
  };
  return { unified: () => once('', unified), legacy: (controller) => once(controller, legacy) };
}

interface Place {
  readonly mount: string;
  /** The path of its own cgroup, below that root. */
  readonly path: string;
}

function unified(sysRoot: string, memberships: readonly Membership[]): Place {
  const hybridMount = join(sysRoot, 'sys/fs/cgroup/unified');
  const mount = existsSync(join(hybridMount, 'cgroup.controllers')) ? hybridMount : join(sysRoot, 'sys/fs/cgroup');
  const own = memberships.find((membership) => membership.controllers === '');
  return { mount, path: own?.path ?? '/' };
}

function legacy(sysRoot: string, memberships: readonly Membership[], controller: string): Place {
  const own = memberships.find(({ controllers }) => controllers.split(',').includes(controller));
  const hierarchyMount = join(sysRoot, 'sys/fs/cgroup', own?.controllers ?? controller);
  const mount = existsSync(hierarchyMount) ? hierarchyMount : join(sysRoot, 'sys/fs/cgroup', controller);
  return { mount, path: own?.path ?? '/' };
}

function parseMemberships(text: string): Membership[] {
  const memberships: Membership[] = [];
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match !== null) memberships.push({ controllers: match[1] ?? '', path: match[2] ?? '/' });
  }
  return memberships;
}

/**
 * null: the mount's root is its own cgroup. In a container the path is often the host's, or leads out of the namespace
 * by `..`; then the container's own cgroup is what is mounted.
 */
function foldersUpwards(mount: string, path: string): string[] | null {
  const names = path.split('/').filter((name) => name !== '');
  if (names.includes('..') || !existsSync(join(mount, ...names))) return null;
  const folders: string[] = [];
  for (let depth = names.length; depth >= 0 && folders.length < CGROUP_DEPTH_MAX; depth--) {
    folders.push(join(mount, ...names.slice(0, depth)));
  }
  return folders;
}
