/**
 * What the shards' browsers use, from a made-up /proc to the families; also for two browsers of one shard at once.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openProcessWatch } from '../../src/host/processes.js';
import { createProcessUsage } from '../../src/server/usage.js';
import { type FileTree, openFileTree } from '../host/file-tree.js';
import { writeProcess } from '../host/made-up-process.js';
import { type Core, createCore } from '../metrics/core.js';

interface Context {
  tree: FileTree;
  core: Core;
  sample: (roots: readonly (readonly number[])[], isAtRest?: boolean) => void;
}

const test = suite<Context>('server/usage');

test.before.each((context) => {
  context.tree = openFileTree({ version: 'not a process' });
  context.core = createCore();
  const { record, layout } = context.core;
  const watch = openProcessWatch({ procRoot: context.tree.root });
  const take = createProcessUsage({ record, cellOf: layout.cellOf }, 2, watch);
  context.sample = (roots, isAtRest = false) => take(roots, isAtRest);
});
test.after.each(({ tree }) => tree.close());

type Family = 'cpu_seconds_total' | 'memory_bytes' | 'processes';

function read({ snapshot, layout }: Core, family: Family, label: string): number {
  return snapshot().counters[layout.cellOf(`headcount_chromium_${family}`, label)] ?? Number.NaN;
}
const cpuSeconds = (core: Core, worker: number): number => read(core, 'cpu_seconds_total', `${worker}`) / 1_000;
const memoryKib = (core: Core, worker: number): number => read(core, 'memory_bytes', `${worker}`) / 1_024;
const processes = (core: Core, type: string): number => read(core, 'processes', type);

test('a shard has the memory and CPU time of all its browsers, each counted once', ({ tree, core, sample }) => {
  writeProcess(tree, 100, { ticks: 100, anonKib: 10 });
  writeProcess(tree, 101, { parent: 100, type: 'renderer', ticks: 20, anonKib: 1 });
  writeProcess(tree, 200, { ticks: 300, anonKib: 30 });
  sample([[100], [200]]);
  assert.equal([cpuSeconds(core, 0), cpuSeconds(core, 1)], [1.2, 3]);
  writeProcess(tree, 300, { ticks: 50, anonKib: 100 });
  writeProcess(tree, 301, { parent: 300, type: 'renderer', ticks: 10, anonKib: 200 });
  sample([[100, 300], [200]]);
  sample([[100, 300], [200]]);
  assert.equal([cpuSeconds(core, 0), cpuSeconds(core, 1)], [1.8, 3]);
  assert.equal([memoryKib(core, 0), memoryKib(core, 1)], [311, 30]);
  assert.equal([processes(core, 'browser'), processes(core, 'renderer')], [3, 2]);
});

test('at rest one sample in five is taken, and one at once when a browser comes or a session', ({
  tree,
  core,
  sample,
}) => {
  const seen: number[] = [];
  let ticks = 0;
  const look = (roots: number[][], isAtRest: boolean): void => {
    ticks += 100;
    writeProcess(tree, 100, { ticks });
    sample(roots, isAtRest);
    seen.push(cpuSeconds(core, 0));
  };
  look([[100], []], false);
  for (let i = 0; i < 11; i++) look([[100], []], true);
  assert.equal(seen, [1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 11, 11]);
  look([[100], []], false);
  for (let i = 0; i < 7; i++) look([[100], []], true);
  writeProcess(tree, 200, { ticks: 1 });
  look([[100], [200]], true);
  assert.equal(seen.slice(12), [13, 14, 15, 16, 17, 18, 18, 18, 21]);
});

test('the CPU time goes on from where it was when the older one goes', ({ tree, core, sample }) => {
  writeProcess(tree, 100, { ticks: 100, anonKib: 10 });
  writeProcess(tree, 300, { ticks: 50, anonKib: 20 });
  sample([[100, 300], []]);
  tree.remove('100');
  writeProcess(tree, 300, { ticks: 60, anonKib: 20 });
  sample([[300], []]);
  assert.is(cpuSeconds(core, 0), 1.6);
  assert.is(memoryKib(core, 0), 20);
  tree.remove('300');
  sample([[], []]);
  assert.is(cpuSeconds(core, 0), 1.6);
  assert.is(memoryKib(core, 0), 0);
  writeProcess(tree, 100, { start: 7_000, ticks: 5 });
  sample([[100], []]);
  assert.is(cpuSeconds(core, 0), 1.65, 'another browser with the pid of the first');
});

test('one that is gone and still listed counts as it last was', ({ tree, core, sample }) => {
  writeProcess(tree, 100, { ticks: 100, anonKib: 10 });
  writeProcess(tree, 300, { ticks: 50, anonKib: 20 });
  sample([[100, 300], []]);
  tree.remove('100');
  sample([[100, 300], []]);
  assert.is(cpuSeconds(core, 0), 1.5);
  assert.is(memoryKib(core, 0), 20);
});

test('what was last known stands while /proc cannot be read', ({ tree, core, sample }) => {
  writeProcess(tree, 100, { ticks: 100, anonKib: 10 });
  sample([[100], []]);
  tree.close();
  sample([[100], []]);
  assert.is(cpuSeconds(core, 0), 1);
  assert.is(memoryKib(core, 0), 10);
});

test.run();
