/**
 * What browsers are to the kernel's scheduler: asked of the kernel, about a real Chromium.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { batched, canBeBatch } from '../../src/browsers/batch.js';
import { readNumericNames, readText } from '../../src/host/virtual-files.js';
import { until } from '../deadline.js';
import { aliveInGroups } from '../end-to-end/processes.js';
import { CHRT, without } from '../faults/hide.js';
import { needs } from '../faults/needs.js';
import { makeTempDir } from '../temp-dir.js';
import { startChromium } from './started.js';

const BATCH_JS = fileURLToPath(new URL('../../src/browsers/batch.js', import.meta.url));
const BATCH = 3;
const NORMAL = 0;
const WAIT_MS = 10_000;
/** Of what runs it, and of a program that this starts. */
const TOLD = 'cut -d" " -f41 /proc/$$/stat; cut -d" " -f41 /proc/self/stat';

const test = suite('browsers/batch');
const withChrt = needs(test, { files: [CHRT] });

/** Scheduling policies of all of a process's threads; of none when it has ended meanwhile. */
function policiesOf(pid: number): number[] {
  return (readNumericNames(`/proc/${pid}/task`) ?? []).flatMap((thread) => {
    const stat = readText(`/proc/${pid}/task/${thread}/stat`);
    // The name is in parentheses and may hold anything; the policy is the 41st field.
    return stat === null ? [] : [Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38])];
  });
}

withChrt('it is a batch job, and so is what it starts', async () => {
  assert.ok(await canBeBatch());
  const command = { file: '/bin/sh', args: ['-c', TOLD], detached: true };
  const { file, args, detached } = batched(command);
  assert.ok(detached);
  assert.is(execFileSync(file, args, { encoding: 'utf8' }), `${BATCH}\n${BATCH}\n`);
  assert.is(execFileSync(command.file, command.args, { encoding: 'utf8' }), `${NORMAL}\n${NORMAL}\n`);
});

withChrt('so is every process of a Chromium', async () => {
  const tempDir = makeTempDir('batch');
  const browser = await startChromium(tempDir);
  const members = (): number[] => aliveInGroups([browser.pid]).map(({ pid }) => pid);
  try {
    // Two zygotes, and one for the GPU at the least.
    await until(() => members().length >= 4, WAIT_MS, 'its processes');
    assert.equal([...new Set(members().flatMap(policiesOf))], [BATCH]);
  } finally {
    browser.kill('shutdown');
    await browser.exited;
    browser.releaseEnds();
    rmSync(tempDir, { recursive: true });
  }
});

needs(test, { root: true, files: [CHRT], tools: ['unshare'] })('without chrt it is as any program', () => {
  const script = `const { batched, canBeBatch } = await import(process.argv[1]);
    console.log(JSON.stringify([await canBeBatch(), batched({ file: 'x', args: ['y'], detached: false })]));`;
  const [file = '', ...args] = [...without(CHRT), process.execPath, '--input-type=module', '-e', script, BATCH_JS];
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  assert.is(stderr, '');
  assert.equal(JSON.parse(stdout), [false, { file: 'x', args: ['y'], detached: false }]);
});

test.run();
