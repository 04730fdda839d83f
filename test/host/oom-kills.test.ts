/**
 * The kernel's count of processes that it has ended for want of memory, on made-up machines and by a clock that stands
 * still.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { watchOomKills } from '../../src/host/oom-kills.js';
import { createFakeClock, type FakeClock } from '../metrics/fake-clock.js';
import { type FileTree, openFileTree } from './file-tree.js';

interface Context {
  tree: FileTree;
  clock: FakeClock;
}

const V2 = 'sys/fs/cgroup/app/memory.events';
const V1 = 'sys/fs/cgroup/memory/memory.oom_control';

const test = suite<Context>('host/oom-kills');

test.before.each((context) => {
  context.tree = openFileTree({ 'proc/self/cgroup': '4:memory:/\n0::/app' });
  context.clock = createFakeClock(0);
});
test.after.each(({ tree }) => tree.close());

for (const [version, path, text] of [
  ['v2', V2, 'low 0\noom 3\noom_kill COUNT\noom_group_kill 0\n'],
  ['v1', V1, 'oom_kill_disable 0\nunder_oom 0\noom_kill COUNT\n'],
] as const) {
  test(`${version}: says so for a while after the count has moved`, ({ tree, clock }) => {
    const write = (count: number): void => tree.write({ [path]: text.replace('COUNT', String(count)) });
    write(7);
    const kills = watchOomKills({ clock, sysRoot: tree.root });
    assert.not(kills.haveHappenedLately(), 'what happened before is not ours');
    write(8);
    kills.sample();
    clock.pass(5_000);
    assert.ok(kills.haveHappenedLately());
    clock.pass(1);
    assert.not(kills.haveHappenedLately());
    write(9);
    assert.ok(kills.haveHappenedLately(), 'without a sample in between');
    tree.remove(path);
    clock.pass(5_001);
    assert.not(kills.haveHappenedLately());
    write(9);
    assert.not(kills.haveHappenedLately(), 'a file that comes back with the same count');
  });
}

test('claims nothing where no cgroup counts', ({ tree, clock }) => {
  const kills = watchOomKills({ clock, sysRoot: tree.root });
  assert.not(kills.haveHappenedLately());
  tree.write({ [V2]: 'oom_kill 5' });
  assert.not(kills.haveHappenedLately(), 'a count that was not known before has not moved');
  clock.pass(1);
  tree.write({ [V2]: 'oom_kill 6' });
  assert.ok(kills.haveHappenedLately());
});

test.run();
