/**
 * The resource reader on made-up machines: v2, v1 and neither; limited, unlimited, nested, broken; and once on the real
 * one. 1 MiB stands for a page of memory, so every expected ratio is exact.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Clock, systemClock } from '../../src/clock.js';
import { openResourceReader, type ResourceReader, readCpuCount } from '../../src/host/cgroup.js';
import { type FileTree, openFileTree } from './file-tree.js';

const MIB = 1024 * 1024;
const V1_UNLIMITED = '9223372036854771712';
const V2 = 'sys/fs/cgroup';

/** A host of 4 CPUs and 1000 MiB, of which 250 are in use. */
const HOST = {
  'proc/meminfo': `MemTotal: ${1000 * 1024} kB\nMemFree: 1 kB\nMemAvailable: ${750 * 1024} kB`,
  'proc/stat': hostStat(10, 10),
  'proc/self/status': 'Name:\tnode\nCpus_allowed:\tf\nCpus_allowed_list:\t0-3',
};

interface Context {
  tree: FileTree;
  nowMs: number;
}

const test = suite<Context>('host/cgroup');

test.before.each((context) => {
  context.tree = openFileTree(HOST);
  context.nowMs = 1000;
});
test.after.each(({ tree }) => tree.close());

test('v2: memory without inactive file pages over memory.max', (context) => {
  context.tree.write({
    'proc/self/cgroup': '0::/',
    [`${V2}/memory.max`]: 400 * MIB,
    [`${V2}/memory.current`]: 300 * MIB,
    [`${V2}/memory.stat`]: `anon 1\nworkingset_inactive_file 5\ninactive_file ${100 * MIB}\nactive_file 9`,
  });
  const reader = openOn(context);
  assert.is(reader.memoryRatio(), 0.5);
  context.tree.write({ [`${V2}/memory.max`]: 800 * MIB });
  assert.is(reader.memoryRatio(), 0.25, 'a limit changed at run time applies at once');
  context.tree.remove(`${V2}/memory.stat`);
  assert.is(reader.memoryRatio(), 0.375);
  context.tree.remove(`${V2}/memory.current`);
  assert.is(reader.memoryRatio(), null);
});

test('v2: without a limit, or with one above it, the host is what applies', (context) => {
  context.tree.write({
    'proc/self/cgroup': '0::/',
    [`${V2}/memory.max`]: 'max',
    [`${V2}/memory.current`]: 900 * MIB,
    [`${V2}/cpu.max`]: 'max 100000',
    [`${V2}/cpu.stat`]: 'usage_usec 5',
  });
  const reader = openOn(context);
  assert.is(reader.memoryRatio(), 0.25);
  assert.is(reader.cpuRatio(), null);
  context.nowMs += 1000;
  context.tree.write({ 'proc/stat': hostStat(40, 80), [`${V2}/cpu.stat`]: 'usage_usec 4000005' });
  assert.is(reader.cpuRatio(), 0.3);
  context.tree.write({ [`${V2}/memory.max`]: 1000 * MIB });
  assert.is(reader.memoryRatio(), 0.25);
  context.tree.write({ [`${V2}/memory.max`]: 1000 * MIB - 1 });
  assert.is(reader.memoryRatio(), (900 * MIB) / (1000 * MIB - 1), 'below it, the cgroup');
});

test('v2: the tightest limit on the way up applies, with the usage of its level', (context) => {
  context.tree.write({
    'proc/self/cgroup': '0::/pod/web/main',
    [`${V2}/pod/memory.max`]: 800 * MIB,
    [`${V2}/pod/memory.current`]: 700 * MIB,
    [`${V2}/pod/web/memory.max`]: 400 * MIB,
    [`${V2}/pod/web/memory.current`]: 100 * MIB,
    [`${V2}/pod/web/main/memory.max`]: 'max',
    [`${V2}/pod/web/main/memory.current`]: 50 * MIB,
  });
  assert.is(openOn(context).memoryRatio(), 0.25);
  context.tree.write({ [`${V2}/pod/memory.max`]: 400 * MIB, [`${V2}/pod/memory.current`]: 300 * MIB });
  assert.is(openOn(context).memoryRatio(), 0.75, 'of equal limits the outer one');
  context.tree.write({ [`${V2}/pod/memory.current`]: 500 * MIB });
  assert.is(openOn(context).memoryRatio(), 1, 'clamped');
});

test('a path that is not below the mount stands for the root of the mount', (context) => {
  for (const path of ['/docker/0123:abc', '/../../system.slice/x', '/']) {
    context.tree.write({
      'proc/self/cgroup': `0::${path}`,
      [`${V2}/memory.max`]: 400 * MIB,
      [`${V2}/memory.current`]: 100 * MIB,
    });
    assert.is(openOn(context).memoryRatio(), 0.25, path);
  }
});

test('v2: CPU time since the call before over quota and time passed', (context) => {
  context.tree.write({
    'proc/self/cgroup': '0::/a',
    [`${V2}/a/cpu.max`]: '150000 100000',
    [`${V2}/a/cpu.stat`]: 'usage_usec 1000000\nuser_usec 7',
  });
  const reader = openOn(context);
  assert.is(reader.cpuRatio(), null, 'nothing to compare with');
  assert.is(reader.cpuRatio(), null, 'no time has passed');
  context.nowMs += 2000;
  context.tree.write({ [`${V2}/a/cpu.stat`]: 'usage_usec 2500000' });
  assert.is(reader.cpuRatio(), 0.5);
  context.nowMs += 1000;
  assert.is(reader.cpuRatio(), 0, 'idle');
  context.nowMs += 1000;
  context.tree.write({ [`${V2}/a/cpu.stat`]: 'usage_usec 9500000' });
  assert.is(reader.cpuRatio(), 1, 'clamped');

  context.tree.write({ [`${V2}/a/cpu.stat`]: 'usage_usec 10' });
  context.nowMs += 1000;
  assert.is(reader.cpuRatio(), null, 'a counter that fell is another counter');
  context.tree.write({ [`${V2}/a/cpu.max`]: '50000 100000' });
  context.nowMs += 1000;
  assert.is(reader.cpuRatio(), null, 'another quota applies now');
  context.tree.write({ [`${V2}/a/cpu.stat`]: 'usage_usec 250010' });
  context.nowMs += 1000;
  assert.is(reader.cpuRatio(), 0.5);
  context.tree.remove(`${V2}/a/cpu.stat`);
  assert.is(reader.cpuRatio(), null);
});

test('v2: the tightest quota on the way up applies, and no more CPUs than the process may use', (context) => {
  context.tree.write({
    'proc/self/cgroup': '0::/pod/web',
    [`${V2}/pod/cpu.max`]: '300000 100000',
    [`${V2}/pod/cpu.stat`]: 'usage_usec 0',
    [`${V2}/pod/web/cpu.max`]: '600000 100000',
    [`${V2}/pod/web/cpu.stat`]: 'usage_usec 0',
  });
  const reader = openOn(context);
  assert.is(reader.cpuRatio(), null);
  context.nowMs += 1000;
  context.tree.write({ [`${V2}/pod/cpu.stat`]: 'usage_usec 1500000', [`${V2}/pod/web/cpu.stat`]: 'usage_usec 9' });
  assert.is(reader.cpuRatio(), 0.5, 'of 3 CPUs');
  context.tree.write({ 'proc/self/status': 'Cpus_allowed_list:\t0,2-2,64-99' });
  assert.is(reader.cpuRatio(), null);
  context.nowMs += 1000;
  context.tree.write({ [`${V2}/pod/cpu.stat`]: 'usage_usec 2000000' });
  assert.is(reader.cpuRatio(), 0.25, 'of 2: CPUs of the list that are not there do not count');
});

test('the number of CPUs is the quota, and never more than the process may use', (context) => {
  assert.is(readCpuCount(context.tree.root), 4, 'of the host');
  context.tree.write({ 'proc/self/cgroup': '0::/pod', [`${V2}/pod/cpu.max`]: '150000 100000' });
  assert.is(readCpuCount(context.tree.root), 1.5);
  context.tree.write({ 'proc/self/status': 'Cpus_allowed_list:\t2' });
  assert.is(readCpuCount(context.tree.root), 1);
  context.tree.write({ 'proc/self/cgroup': '4:cpu:/x', [`${V2}/cpu/x/cpu.cfs_quota_us`]: '50000' });
  context.tree.write({ [`${V2}/cpu/x/cpu.cfs_period_us`]: '100000' });
  assert.is(readCpuCount(context.tree.root), 0.5);
  context.tree.write({ [`${V2}/cpu/x/cpu.cfs_quota_us`]: '-1' });
  assert.is(readCpuCount(context.tree.root), 1, 'no quota');
  context.tree.remove('proc');
  assert.ok(readCpuCount(context.tree.root) >= 1, 'of this machine, where nothing can be read');
});

test('v1: memory and CPU of the limited cgroup, hierarchies joined and apart', (context) => {
  const memory = `${V2}/memory/docker/x`;
  context.tree.write({
    'proc/self/cgroup': '5:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n1:name=systemd:/\n0::/',
    [`${V2}/unified/cgroup.controllers`]: '',
    [`${V2}/unified/cpu.stat`]: 'usage_usec 1',
    [`${V2}/memory/memory.limit_in_bytes`]: V1_UNLIMITED,
    [`${V2}/memory/memory.usage_in_bytes`]: 900 * MIB,
    [`${memory}/memory.limit_in_bytes`]: 400 * MIB,
    [`${memory}/memory.usage_in_bytes`]: 150 * MIB,
    [`${memory}/memory.stat`]: `inactive_file 1\ntotal_inactive_file ${50 * MIB}`,
    [`${V2}/cpu,cpuacct/docker/x/cpu.cfs_quota_us`]: 50000,
    [`${V2}/cpu,cpuacct/docker/x/cpu.cfs_period_us`]: 100000,
    [`${V2}/cpu,cpuacct/docker/x/cpuacct.usage`]: 1e9,
  });
  const reader = openOn(context);
  assert.is(reader.memoryRatio(), 0.25);
  context.tree.write({ [`${memory}/memory.usage_in_bytes`]: 250 * MIB });
  assert.is(reader.memoryRatio(), 0.5, 'not the host, which has a quarter in use');
  assert.is(reader.cpuRatio(), null);
  context.nowMs += 1000;
  context.tree.write({ [`${V2}/cpu,cpuacct/docker/x/cpuacct.usage`]: 1.25e9 });
  assert.is(reader.cpuRatio(), 0.5);

  context.tree.remove(`${V2}/cpu,cpuacct`);
  context.tree.write({
    'proc/self/cgroup': '3:cpuacct:/y\n2:cpu:/y',
    [`${V2}/cpu/y/cpu.cfs_quota_us`]: 100000,
    [`${V2}/cpu/y/cpu.cfs_period_us`]: 100000,
    [`${V2}/cpuacct/y/cpuacct.usage`]: 0,
  });
  assert.is(reader.cpuRatio(), null);
  context.nowMs += 1000;
  context.tree.write({ [`${V2}/cpuacct/y/cpuacct.usage`]: 1e8 });
  assert.is(reader.cpuRatio(), 0.1);
});

test('v1: unlimited at the root of a hybrid machine is the host', (context) => {
  context.tree.write({
    'proc/self/cgroup': '4:memory:/gone\n2:cpuacct:/\n1:cpu:/\n0::/',
    [`${V2}/unified/cgroup.controllers`]: '',
    [`${V2}/memory/memory.limit_in_bytes`]: V1_UNLIMITED,
    [`${V2}/memory/memory.usage_in_bytes`]: 900 * MIB,
    [`${V2}/cpu/cpu.cfs_quota_us`]: -1,
    [`${V2}/cpu/cpu.cfs_period_us`]: 100000,
    [`${V2}/cpuacct/cpuacct.usage`]: 5,
  });
  const reader = openOn(context);
  assert.is(reader.memoryRatio(), 0.25);
  assert.is(reader.cpuRatio(), null);
  context.nowMs += 1000;
  context.tree.write({ 'proc/stat': hostStat(40, 80), [`${V2}/cpuacct/cpuacct.usage`]: 4e9 });
  assert.is(reader.cpuRatio(), 0.3);
  context.tree.remove('proc/meminfo');
  assert.is(reader.memoryRatio(), null);
});

test('host: busy over total ticks of the CPUs that the process may use', (context) => {
  const reader = openOn(context);
  assert.is(reader.memoryRatio(), 0.25);
  assert.is(reader.cpuRatio(), null);
  assert.is(reader.cpuRatio(), null, 'no tick has passed');
  context.tree.write({ 'proc/stat': hostStat(40, 80) });
  assert.is(reader.cpuRatio(), 0.3);
  context.tree.write({ 'proc/self/status': 'Cpus_allowed_list:\t3' });
  assert.is(reader.cpuRatio(), null, 'other CPUs, another sum');
  context.tree.write({ 'proc/stat': `${hostStat(99, 99)}\ncpu3 30 0 0 170 0 0 0 0 0 0` });
  assert.is(reader.cpuRatio(), null, 'a line a CPU');
  context.tree.write({ 'proc/stat': `${hostStat(109, 109)}\ncpu3 60 0 0 180 0 0 0 0 0 0` });
  assert.is(reader.cpuRatio(), 40 / 60, 'of both');
});

test('nothing to read gives null, and no throw', (context) => {
  context.tree.remove('proc');
  const reader = openOn(context);
  assert.is(reader.memoryRatio(), null);
  assert.is(reader.cpuRatio(), null);
  context.tree.write({ [`${V2}/cpu.max`]: '50000 100000', [`${V2}/cpu.stat`]: 'usage_usec 0' });
  assert.is(reader.cpuRatio(), null);
  context.nowMs += 1000;
  context.tree.write({ [`${V2}/cpu.stat`]: 'usage_usec 250000' });
  assert.is(reader.cpuRatio(), 0.5, 'without the host a quota does, since there is a CPU at least');
  context.tree.remove(`${V2}/cpu.max`);
  context.tree.write({ 'proc/meminfo': 'MemTotal: many', 'proc/stat': 'cpu', [`${V2}/memory.max`]: 'x' });
  assert.is(reader.memoryRatio(), null);
  assert.is(reader.cpuRatio(), null);
});

test('reads the machine it runs on', () => {
  const reader = openResourceReader({ clock: systemClock });
  const memory = reader.memoryRatio();
  assert.ok(memory !== null && memory > 0 && memory < 1, `memory ${memory}`);
  assert.is(reader.cpuRatio(), null);
  const endMs = performance.now() + 100;
  while (performance.now() < endMs);
  const cpu = reader.cpuRatio();
  assert.ok(cpu !== null && cpu > 0 && cpu <= 1, `cpu ${cpu}`);
});

test.run();

function openOn(context: Context): ResourceReader {
  const clock: Clock = { epochMs: () => 0, monotonicMs: () => context.nowMs, after: () => () => {} };
  return openResourceReader({ clock, sysRoot: context.tree.root });
}

/**
 * 4 CPUs, each with these ticks, in the first six of the ten columns. Guest time is part of user's and must not count
 * again.
 */
function hostStat(busyTicks: number, idleTicks: number): string {
  const line = `${busyTicks - 3} 1 1 ${idleTicks - 5} 5 0 0 1 ${busyTicks} 0`;
  return ['cpu  9 9 9 9 9 9 9 9 9 9', ...[0, 1, 2, 3].map((cpu) => `cpu${cpu} ${line}`), 'intr 1 2 3'].join('\n');
}
