/**
 * The embedded Chromium where other users run it: they may read and run all of it, and change nothing.
 */

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { prepareEmbedded } from '../../src/chromium/embedded.js';
import { deadline } from '../deadline.js';

const UNPACK_MS_MAX = 60_000;

const test = suite('chromium/embedded-for-all');

test('what all may run, nobody else may change, whatever the umask', async () => {
  const root = mkdtempSync(join(tmpdir(), 'headcount-embedded-'));
  const umask = process.umask(0o077);
  try {
    const cacheDir = join(root, 'cache');
    const options = { cacheDir, homeDir: root, isForAll: true, progress: () => {} };
    const { path } = await deadline(prepareEmbedded(options), UNPACK_MS_MAX, 'unpacking');
    const modeOf = (one: string): number => statSync(one).mode & 0o777;
    for (const one of [cacheDir, dirname(path), path]) assert.is(modeOf(one), 0o755, one);
    for (const entry of readdirSync(dirname(path), { recursive: true, withFileTypes: true }))
      assert.ok([0o644, 0o755].includes(modeOf(join(entry.parentPath, entry.name))), entry.name);
  } finally {
    process.umask(umask);
    rmSync(root, { recursive: true });
  }
});

test.run();
