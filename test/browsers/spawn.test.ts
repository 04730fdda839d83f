/**
 * One real Chromium, and why it has gone: what its end is called decides who is woken at night.
 */

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BrowserProcess } from '../../src/browsers/spawn.js';
import { deadline } from '../deadline.js';
import { startChromium } from './started.js';

const EXIT_MS = 10_000;

const test = suite('browsers/spawn');
const tempDir = mkdtempSync(join(tmpdir(), 'headcount-test-spawn-'));

const start = (isOutOfMemory = false): Promise<BrowserProcess> => startChromium(tempDir, isOutOfMemory);

async function reasonOf({ exited }: BrowserProcess): Promise<string> {
  return (await deadline(exited, EXIT_MS, 'the browser to go')).reason;
}

test.after(() => {
  const left = readdirSync(tempDir);
  rmSync(tempDir, { recursive: true });
  assert.equal(left, []);
});

test('ended by us: for our reason, whatever the kernel did meanwhile', async () => {
  const browser = await start(true);
  browser.kill('shutdown');
  browser.kill('killed');
  assert.is(await reasonOf(browser), 'shutdown');
  assert.not(existsSync(`/proc/${browser.pid}/exe`));
});

test('ended by SIGKILL from elsewhere: killed, or out of memory when the kernel says so', async () => {
  for (const isOutOfMemory of [false, true]) {
    const browser = await start(isOutOfMemory);
    process.kill(browser.pid, 'SIGKILL');
    assert.is(await reasonOf(browser), isOutOfMemory ? 'oom' : 'killed');
  }
});

test('ended by anything else: a crash', async () => {
  const browser = await start(true);
  process.kill(browser.pid, 'SIGABRT');
  assert.is(await reasonOf(browser), 'crash');
});

test.run();
