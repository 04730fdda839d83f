/**
 * Process trees: a made-up /proc that changes between samples, and real processes that come and go.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openProcessWatch, type ProcessWatch, type TreeSample } from '../../src/host/processes.js';
import { deadline, until } from '../deadline.js';
import { type FileTree, openFileTree } from './file-tree.js';
import { writeProcess } from './made-up-process.js';

const WAIT_MS = 5000;
const NO_COUNTS = { browser: 0, renderer: 0, gpu: 0, utility: 0, zygote: 0, other: 0 };

interface Context {
  tree: FileTree;
  watch: ProcessWatch;
}

const test = suite<Context>('host/processes');

test.before.each((context) => {
  context.tree = openFileTree({ version: 'not a process' });
  context.watch = openProcessWatch({ procRoot: context.tree.root });
});
test.after.each(({ tree }) => tree.close());

test('counts a tree by type, with its memory and CPU time', ({ tree, watch }) => {
  writeProcess(tree, 1, { parent: 0, group: 1 });
  writeProcess(tree, 99, { parent: 1, group: 1, type: 'renderer', anonKib: 1000, ticks: 1000 });
  writeProcess(tree, 100, { parent: 99, anonKib: 10, ticks: 20 });
  writeProcess(tree, 101, { parent: 100, type: 'zygote', anonKib: 1, ticks: 1 });
  writeProcess(tree, 102, { parent: 101, type: 'gpu-process', anonKib: 2, ticks: 2 });
  writeProcess(tree, 103, { parent: 101, type: 'renderer', anonKib: 3, ticks: 3 });
  writeProcess(tree, 104, { parent: 101, type: 'renderer', anonKib: 4, ticks: 4 });
  writeProcess(tree, 105, { parent: 100, type: 'utility', anonKib: 5, ticks: 5 });
  writeProcess(tree, 106, { parent: 1, type: 'ppapi', anonKib: 6, ticks: 6 });
  writeProcess(tree, 107, { parent: 103, group: 107, anonKib: 7, ticks: 7 });
  assert.equal(watch.sample([100]), [
    {
      counts: { browser: 1, renderer: 2, gpu: 1, utility: 1, zygote: 1, other: 2 },
      anonBytes: 38 * 1024,
      cpuSeconds: 0.48,
    },
  ]);
});

test('one sample a root, in the order given, a root unknown as nothing', ({ tree, watch }) => {
  writeProcess(tree, 100, { ticks: 1 });
  writeProcess(tree, 101, { parent: 100, type: 'renderer', ticks: 1 });
  writeProcess(tree, 200, { ticks: 5 });
  const [second, none, first] = watch.sample([200, 300, 100]);
  assert.is(second?.cpuSeconds, 0.05);
  assert.equal(none, { counts: NO_COUNTS, anonBytes: 0, cpuSeconds: 0 });
  assert.is(first?.cpuSeconds, 0.02);
  assert.is(first?.counts.renderer, 1);
});

test('processes that were there before their root was asked for are found', ({ tree, watch }) => {
  writeProcess(tree, 100, {});
  writeProcess(tree, 200, { ticks: 3 });
  writeProcess(tree, 201, { parent: 200, type: 'renderer', ticks: 4 });
  watch.sample([100]);
  writeProcess(tree, 201, { parent: 200, type: 'renderer', ticks: 9 });
  assert.is(watch.sample([100, 200])[1]?.cpuSeconds, 0.12);
});

test('reads past a name with parentheses and spaces', ({ tree, watch }) => {
  writeProcess(tree, 100, { name: 'a) (b', ticks: 20 });
  writeProcess(tree, 101, { parent: 100, group: 7, name: ') Z 1 1 (', ticks: 30 });
  const sample = sampleOne(watch);
  assert.is(processCount(sample), 2);
  assert.is(sample.cpuSeconds, 0.5);
});

test('tells the type from a title that a forked process wrote itself, and again until it is sure', ({
  tree,
  watch,
}) => {
  writeProcess(tree, 100, {});
  writeProcess(tree, 101, { parent: 100, type: 'zygote' });
  assert.is(sampleOne(watch).counts.zygote, 1);
  tree.write({ '101/cmdline': '/usr/bin/chromium --no-sandbox --type=renderer --lang=en ' });
  assert.is(sampleOne(watch).counts.renderer, 1);
  tree.write({ '101/cmdline': '/usr/bin/chromium --my-type=gpu-process' });
  assert.is(sampleOne(watch).counts.renderer, 1, 'sure by now');
  writeProcess(tree, 102, { parent: 100 });
  tree.write({ '102/cmdline': '/usr/bin/chromium\0--my--type=renderer' });
  assert.is(sampleOne(watch).counts.other, 1);
});

test('an exit never lowers the CPU time', ({ tree, watch }) => {
  writeProcess(tree, 100, { ticks: 10 });
  writeProcess(tree, 101, { parent: 100, type: 'renderer', ticks: 50 });
  assert.is(sampleOne(watch).cpuSeconds, 0.6);
  tree.remove('101');
  const after = sampleOne(watch);
  assert.is(after.cpuSeconds, 0.6);
  assert.is(after.counts.renderer, 0);
  writeProcess(tree, 100, { ticks: 10, reapedTicks: 75 });
  assert.is(sampleOne(watch).cpuSeconds, 0.85, 'its last 5 ticks, and 20 of one never seen');
});

test('a zombie is gone from the counts, and its last time is counted', ({ tree, watch }) => {
  writeProcess(tree, 100, { ticks: 10 });
  writeProcess(tree, 101, { parent: 100, type: 'renderer', ticks: 50, anonKib: 8 });
  sampleOne(watch);
  writeProcess(tree, 101, { parent: 100, state: 'Z', ticks: 55, anonKib: 8 });
  const after = sampleOne(watch);
  assert.is(processCount(after), 1);
  assert.is(after.anonBytes, 0);
  assert.is(after.cpuSeconds, 0.65);
});

test('a member stays one when it is handed to init', ({ tree, watch }) => {
  writeProcess(tree, 100, {});
  writeProcess(tree, 101, { parent: 100 });
  writeProcess(tree, 102, { parent: 101, group: 102, type: 'utility' });
  sampleOne(watch);
  tree.remove('101');
  writeProcess(tree, 102, { parent: 1, group: 102, type: 'utility', ticks: 5 });
  assert.is(sampleOne(watch).counts.utility, 1);
});

test('a pid used again by another process is not taken for the old one', ({ tree, watch }) => {
  writeProcess(tree, 100, { ticks: 10, start: 1 });
  writeProcess(tree, 101, { parent: 100, type: 'renderer', ticks: 50, start: 2 });
  sampleOne(watch);
  writeProcess(tree, 101, { parent: 1, group: 1, type: 'renderer', ticks: 900, start: 3 });
  assert.is(sampleOne(watch).counts.renderer, 0, 'a stranger');
  writeProcess(tree, 102, { parent: 100, type: 'renderer', ticks: 20, start: 4 });
  sampleOne(watch);
  writeProcess(tree, 102, { parent: 100, type: 'gpu-process', ticks: 3, start: 5 });
  const after = sampleOne(watch);
  assert.equal([after.counts.renderer, after.counts.gpu, after.cpuSeconds], [0, 1, 0.83]);
});

test('a root that is gone keeps its CPU time, also when its pid is used again', ({ tree, watch }) => {
  writeProcess(tree, 100, { ticks: 10, start: 1 });
  writeProcess(tree, 101, { parent: 100, type: 'renderer', ticks: 50 });
  sampleOne(watch);
  const gone = { counts: NO_COUNTS, anonBytes: 0, cpuSeconds: 0.6 };
  writeProcess(tree, 100, { ticks: 99, start: 1, state: 'Z' });
  assert.equal(sampleOne(watch), gone, 'a zombie');
  assert.equal(sampleOne(watch), gone, 'still a zombie');
  tree.remove('100');
  assert.equal(sampleOne(watch), gone);
  writeProcess(tree, 100, { ticks: 700, start: 9 });
  writeProcess(tree, 102, { parent: 100, ticks: 700 });
  assert.equal(sampleOne(watch), gone, 'another process');
  watch.forget(100);
  assert.is(sampleOne(watch).cpuSeconds, 14.5, 'forgotten, it is a new root, and what its group has is its own');
});

test('what cannot be read for once costs neither the sum nor the members', ({ tree, watch }) => {
  writeProcess(tree, 100, { ticks: 10 });
  writeProcess(tree, 101, { parent: 100, type: 'renderer', ticks: 50 });
  sampleOne(watch);
  tree.write({ '101/stat': 'cut' });
  assert.is(sampleOne(watch).cpuSeconds, 0.6);
  writeProcess(tree, 101, { parent: 100, type: 'renderer', ticks: 51 });
  tree.write({ '100/stat': '' });
  assert.is(processCount(sampleOne(watch)), 0);
  writeProcess(tree, 100, { ticks: 10 });
  assert.equal([processCount(sampleOne(watch)), sampleOne(watch).cpuSeconds], [2, 0.61]);
  tree.remove('.');
  assert.equal(watch.sample([100]), [], 'nothing is known, which is not the same as that there is nothing');
  writeProcess(tree, 100, { ticks: 10 });
  writeProcess(tree, 101, { parent: 100, type: 'renderer', ticks: 51 });
  assert.equal([processCount(sampleOne(watch)), sampleOne(watch).cpuSeconds], [2, 0.61]);
});

test('finds real processes, and sees them gone', async () => {
  const watch = openProcessWatch();
  const child = spawn('sh', ['-c', 'sleep 30 & sleep 30 & wait'], { detached: true, stdio: 'ignore' });
  const exit = once(child, 'exit');
  const pid = child.pid ?? 0;
  assert.ok(pid > 1);
  try {
    const sample = await until(
      () => watch.sample([pid]).find((one) => processCount(one) === 3),
      WAIT_MS,
      'a shell and two sleeps',
    );
    assert.equal(sample.counts, { ...NO_COUNTS, browser: 1, other: 2 });
    assert.ok(sample.anonBytes > 0 && sample.anonBytes < 64 * 1024 * 1024, `${sample.anonBytes} bytes`);
  } finally {
    process.kill(-pid, 'SIGKILL');
    await deadline(exit, WAIT_MS, 'the end of the shell');
  }
  assert.equal(watch.sample([pid])[0]?.counts, NO_COUNTS);
});

test('counts the CPU time of real processes that came and went between two samples', async () => {
  const watch = openProcessWatch();
  // The inner shell works and ends unseen. The outer one says when, and stays.
  const work = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done';
  const script = `read go; sh -c '${work}'; echo done; read stop`;
  const child = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  const exit = once(child, 'exit');
  const pid = child.pid ?? 0;
  try {
    const before = watch.sample([pid])[0]?.cpuSeconds ?? 0;
    child.stdin.write('go\n');
    await deadline(once(child.stdout, 'data'), 4 * WAIT_MS, 'the end of the inner shell');
    const sample = watch.sample([pid])[0];
    assert.equal(sample?.counts, { ...NO_COUNTS, browser: 1 });
    assert.ok((sample?.cpuSeconds ?? 0) > before, `${sample?.cpuSeconds} s after ${before} s`);
  } finally {
    process.kill(-pid, 'SIGKILL');
    await deadline(exit, WAIT_MS, 'the end of the outer shell');
  }
});

test('memory is read again when it may have changed, and not before', ({ tree, watch }) => {
  const anonKib = (): number | undefined => (watch.sample([100])[0]?.anonBytes ?? 0) / 1024;
  writeProcess(tree, 100, { anonKib: 10 });
  assert.is(anonKib(), 10);
  writeProcess(tree, 100, { anonKib: 11 });
  assert.is(anonKib(), 11, 'it has more');
  tree.write({ '100/status': 'RssAnon:\t 12 kB\n' });
  assert.is(anonKib(), 11, 'it has done nothing');
  writeProcess(tree, 100, { anonKib: 11, faults: 1 });
  tree.write({ '100/status': 'RssAnon:\t 13 kB\n' });
  assert.is(anonKib(), 13, 'it came by some and lost as much');
  writeProcess(tree, 100, { anonKib: 14, start: 1 });
  assert.is(anonKib(), 0, 'another has its pid now');
});

test.run();

function processCount({ counts }: TreeSample): number {
  return Object.values(counts).reduce((sum, count) => sum + count);
}

function sampleOne(watch: ProcessWatch): TreeSample {
  const [sample] = watch.sample([100]);
  if (sample === undefined) throw new Error('no sample');
  return sample;
}
