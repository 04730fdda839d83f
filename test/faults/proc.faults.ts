/**
 * A machine without /proc, as in some chroots. No Chromium runs there, and the server starts all the same and says so.
 * Needs root, to cover /proc for the server only.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { run } from '../end-to-end/program.js';
import { needs } from './needs.js';

const test = suite('faults/proc');
const rootTest = needs(test, { root: true, tools: ['unshare', 'mount'] });
const HIDE = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh', process.execPath];

rootTest('starts without /proc, leaves out what it would tell, and ends in order', async () => {
  const settings = { PORT: '0', WORKERS: '1', METRICS_FILE: 'none' };
  const { child, output, exit } = run({ settings, command: HIDE });
  try {
    const url = await until(() => /"url":"([^"]+)"/.exec(output())?.[1], 30_000, 'it to listen');
    for (let scrapes = 0; scrapes < 2; scrapes++) {
      const text = await (await fetch(`${url}/prometheus`)).text();
      assert.match(text, 'headcount_collector_success{collector="process"} 0');
      assert.match(text, /^headcount_cpu_ratio /m);
      assert.not.match(text, 'process_resident_memory_bytes');
    }
    assert.is((await fetch(`${url}/health/live`)).status, 200);
    assert.is((await fetch(`${url}/health/ready`)).status, 503);
  } finally {
    child.kill('SIGTERM');
  }
  assert.is(await deadline(exit, 20_000, 'its end'), 0, output());
  assert.is(output().match(/a collector failed/g)?.length, 1, 'said once');
});

test.run();
