/**
 * The pipe transport: frames cut at NUL however they are chunked, and handed on one a task.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inTasks, openPipe, splitFrames } from '../../../src/worker/cdp/transport.js';
import { deadline } from '../../deadline.js';

const test = suite('worker/cdp/transport');

test('a pipe of which one end cannot be opened leaves the other one closed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headcount-test-transport-'));
  try {
    const readPath = join(folder, 'read');
    execFileSync('mkfifo', [readPath]);
    const endpoint = { generation: 1, readPath, writePath: join(folder, 'missing'), artifactsDir: folder };
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 20; i++) assert.throws(() => openPipe(endpoint), /ENOENT/);
    assert.is(readdirSync('/proc/self/fd').length, before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('cuts frames at NUL wherever a chunk ends', () => {
  const bytes = Buffer.from('{"a":"é"}\0{}\0{"long":"xyz"}\0');
  for (let size = 1; size <= bytes.length; size++) {
    const frames: string[] = [];
    const split = splitFrames((frame) => frames.push(frame));
    for (let at = 0; at < bytes.length; at += size) split(bytes.subarray(at, at + size));
    assert.equal(frames, ['{"a":"é"}', '{}', '{"long":"xyz"}'], `chunks of ${size}`);
  }
});

test('holds back what has no end yet', () => {
  const frames: string[] = [];
  const split = splitFrames((frame) => frames.push(frame));
  split(Buffer.from('{"a"'));
  assert.equal(frames, []);
  split(Buffer.from(':1}\0{'));
  assert.equal(frames, ['{"a":1}']);
});

test('lets promises settle between two frames of one chunk', async () => {
  const order: string[] = [];
  const done = new Promise<void>((resolve) => {
    const split = splitFrames(
      inTasks((frame) => {
        order.push(frame);
        void Promise.resolve()
          .then(() => Promise.resolve())
          .then(() => order.push(`after ${frame}`));
        if (frame === '3') setImmediate(resolve);
      }),
    );
    split(Buffer.from('1\x002\x003\0'));
  });
  await deadline(done, 2_000, 'three frames');
  assert.equal(order, ['1', 'after 1', '2', 'after 2', '3', 'after 3']);
});

test.run();
