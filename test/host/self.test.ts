/**
 * What the process tells about itself, also without /proc.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collectProcess, openOwnFiles } from '../../src/host/self.js';
import { createCore } from '../metrics/core.js';

const test = suite('host/self');
const { cellOf } = createCore().layout;

test('memory and descriptors are those of this process', () => {
  const files = openOwnFiles();
  assert.ok(Math.abs(files.residentBytes() - process.memoryUsage.rss()) < 2 ** 26);
  assert.ok(files.descriptorsMax() > 0);
  files.close();
});

test('without /proc they are opened and closed all the same, and asking fails, so that nothing is claimed', () => {
  const files = openOwnFiles('/nowhere');
  assert.throws(() => files.residentBytes(), /ENOENT/);
  assert.throws(() => collectProcess(cellOf, files)(() => {}), /ENOENT/);
  files.close();
});

test.run();
