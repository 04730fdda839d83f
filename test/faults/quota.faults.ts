/**
 * A quota of CPU, as a container has it: the server takes it for the machine's CPUs. Needs a cgroup that root can make.
 */

import { mkdirSync, rmdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { run } from '../end-to-end/program.js';
import { samplesOf, total } from '../end-to-end/server.js';
import { needs } from './needs.js';

const CPU_CGROUP = '/sys/fs/cgroup/cpu';
const test = suite('faults/quota');
const rootTest = needs(test, { root: true, files: [`${CPU_CGROUP}/cpu.cfs_quota_us`] });

rootTest('as many workers as the quota has CPUs, where nobody says how many', async () => {
  assert.equal([await workersWithin(100_000), await workersWithin(150_000)], [1, 2]);
});

/** How many workers there are by default with so many µs of CPU in each 100 ms. */
async function workersWithin(quotaUs: number): Promise<number> {
  const folder = `${CPU_CGROUP}/headcount-quota-${process.pid}`;
  mkdirSync(folder);
  const enter = `echo ${quotaUs} > ${folder}/cpu.cfs_quota_us && echo $$ > ${folder}/cgroup.procs && exec "$0" "$@"`;
  const settings = { PORT: '0', METRICS_FILE: 'none' };
  const program = run({ settings, command: ['/bin/sh', '-c', enter, process.execPath] });
  try {
    const url = (): string => /"url":"([^"]+)"/.exec(program.output())?.[1] ?? '';
    await until(() => url() !== '', 60_000, 'the server');
    const workers = total(samplesOf(await (await fetch(`${url()}/prometheus`)).text()), 'headcount_workers');
    program.child.kill('SIGTERM');
    assert.is(await deadline(program.exit, 30_000, 'the end'), 0, program.output());
    return workers;
  } finally {
    program.child.kill('SIGKILL');
    await until(() => isRemoved(folder), 20_000, 'the end of the cgroup');
  }
}

/** False while something runs in it. */
function isRemoved(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

test.run();
