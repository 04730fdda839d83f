/**
 * A process of a made-up /proc, with the files that the readers of process trees need.
 */

import type { FileTree } from './file-tree.js';

interface ProcessOptions {
  readonly parent?: number;
  readonly group?: number;
  readonly name?: string;
  readonly state?: string;
  readonly type?: string;
  readonly start?: number;
  readonly ticks?: number;
  readonly reapedTicks?: number;
  readonly anonKib?: number;
  readonly faults?: number;
}

/** Without a group of its own it is in the group of its hundred: 100 leads 101, 102 and so on. */
export function writeProcess(tree: FileTree, pid: number, options: ProcessOptions): void {
  const { parent = 1, group = pid - (pid % 100), name = 'chromium', state = 'S', type, start = pid } = options;
  const { ticks = 0, reapedTicks = 0, anonKib = 0, faults = 0 } = options;
  const user = Math.floor(ticks / 2);
  const ids = `${parent} ${group} ${group}`;
  const cpu = `${user} ${ticks - user} ${reapedTicks} 0`;
  const typeFlag = type === undefined ? '' : `--type=${type}\0`;
  tree.write({
    [`${pid}/stat`]: `${pid} (${name}) ${state} ${ids} 0 -1 0 ${faults} 0 0 0 ${cpu} 20 0 9 0 ${start} 1 ${anonKib} 3`,
    [`${pid}/status`]: `Name:\t${name}\nVmRSS:\t   99999 kB\nRssAnon:\t   ${anonKib} kB\nRssFile:\t 7 kB`,
    [`${pid}/cmdline`]: `/usr/bin/chromium\0--no-sandbox\0${typeFlag}--lang=en\0`,
  });
}
