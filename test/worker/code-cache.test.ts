/**
 * Compiled code in a folder, by whatever this Node.js can do: `npm run test:node` has those that can.
 */

import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import * as modules from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keepCode, useCodeCache } from '../../src/worker/code-cache.js';

const test = suite<{ folder: string }>('worker/code-cache');
const canKeep = 'enableCompileCache' in modules;

test.before((scene) => {
  scene.folder = mkdtempSync(join(tmpdir(), 'headcount-test-code-'));
});
test.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

test('keeps what was loaded where Node.js can, and does without elsewhere, or where nothing can be written', async ({
  folder,
}) => {
  const [file, kept] = [join(folder, 'late.mjs'), join(folder, 'code')];
  writeFileSync(file, 'export const answer = 42;');
  // A file stands where the folder should be made.
  useCodeCache(join(file, 'code'));
  keepCode();
  useCodeCache(kept);
  const late: { answer: number } = await import(pathToFileURL(file).href);
  keepCode();
  assert.is(late.answer, 42);
  const files = existsSync(kept) ? readdirSync(kept, { recursive: true }).length : 0;
  assert.is(files > 0, canKeep);
});

test.run();
