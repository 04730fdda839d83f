/**
 * A browser's command line: what options make of it, and that each flag comes once, because Chromium heeds only the
 * last.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { browserFlags } from '../../src/browsers/flags.js';

const test = suite('browsers/flags');

test('two browsers differ in what their options say, and in nothing else', () => {
  const one = browserFlags({ profileDir: '/tmp/1/profile', isSandboxed: true, deadEndPort: 9 });
  const other = browserFlags({ profileDir: '/tmp/2/profile', isSandboxed: false, deadEndPort: 9 });
  assert.equal(
    one.filter((flag) => !other.includes(flag)),
    ['--user-data-dir=/tmp/1/profile'],
  );
  assert.equal(
    other.filter((flag) => !one.includes(flag)),
    ['--no-sandbox', '--user-data-dir=/tmp/2/profile'],
  );
});

test('each flag is given once, with all of its values', () => {
  const flags = browserFlags({ profileDir: '/tmp/1/profile', isSandboxed: false, deadEndPort: 9 });
  const names = flags.map((flag) => flag.split('=')[0] ?? '');
  assert.equal(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
  assert.equal(
    names.filter((name) => !/^--[a-z]+(-[a-z]+)*$/.test(name)),
    [],
  );
  const disabled = flags.find((flag) => flag.startsWith('--disable-features='))?.split(/[=,]/) ?? [];
  for (const feature of ['PaintHolding', 'HttpsUpgrades', 'ThirdPartyStoragePartitioning']) {
    assert.ok(disabled.includes(feature), feature);
  }
});

test('it is spoken to over the pipe, and shows nothing by itself', () => {
  const flags = browserFlags({ profileDir: '/tmp/1/profile', isSandboxed: true, deadEndPort: 9 });
  for (const flag of ['--remote-debugging-pipe', '--headless', '--no-startup-window'])
    assert.ok(flags.includes(flag), flag);
});

test.run();
