/**
 * The pipe transport: opened at both ends, or not at all.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openPipe } from '../../../src/worker/cdp/transport.js';

const test = suite('worker/cdp/transport');

test('a pipe of which one end cannot be opened leaves the other one closed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headcount-test-transport-'));
  try {
    const readPath = join(folder, 'read');
    execFileSync('mkfifo', [readPath]);
    const endpoint = {
      generation: 1,
      pid: 0,
      readPath,
      writePath: join(folder, 'missing'),
      artifactsDir: folder,
      homeDir: folder,
    };
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 20; i++) assert.throws(() => openPipe(endpoint), /ENOENT/);
    assert.is(readdirSync('/proc/self/fd').length, before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
