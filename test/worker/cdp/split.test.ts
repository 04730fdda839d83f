/**
 * From bytes to frames, however they are chunked. Useless and giant frames are dropped and reported.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isNobodys } from '../../../src/worker/cdp/needs.js';
import { idOf, sessionIdOf } from '../../../src/worker/cdp/peek.js';
import { splitFrames } from '../../../src/worker/cdp/split.js';

const test = suite('worker/cdp/split');
const SESSION = '0123456789ABCDEF0123456789ABCDEF';

/** What comes of bytes in chunks of this size. */
function split(bytes: Buffer, size: number, bytesMax = 10_000) {
  const frames: string[] = [];
  const giants: string[] = [];
  const take = splitFrames({
    bytesMax,
    onFrame: (frame) => frames.push(frame.toString('utf8')),
    onGiant: (ends) => giants.push(ends.toString('utf8')),
    isUseless: isNobodys,
  });
  for (let at = 0; at < bytes.length; at += size) take(bytes.subarray(at, at + size));
  return { frames, giants };
}

test('cuts frames at NUL wherever a chunk ends, and holds back what has no end yet', () => {
  const bytes = Buffer.from('{"a":"é"}\0{}\0{"long":"xyz"}\0{"a"');
  for (let size = 1; size <= bytes.length; size++) {
    assert.equal(split(bytes, size).frames, ['{"a":"é"}', '{}', '{"long":"xyz"}'], `chunks of ${size}`);
  }
});

test('a frame of the largest size is taken; one byte more is told of by its ends, and the next is whole', () => {
  const frame = (bytes: number): string => {
    const [start, end] = ['{"id":7,"result":{"data":"', `"},"sessionId":"${SESSION}"}`];
    return `${start}${'x'.repeat(bytes - start.length - end.length)}${end}`;
  };
  const [whole, giant] = [frame(10_000), frame(10_001)];
  for (const size of [1, 7, 255, 256, 257, 4_096, 9_999]) {
    const got = split(Buffer.from(`${whole}\0${giant}\0{}\0`), size);
    assert.equal(got.frames, [whole, '{}'], `chunks of ${size}`);
    assert.is(got.giants.length, 1);
    const ends = Buffer.from(got.giants[0] ?? '');
    assert.ok(ends.length <= 512);
    assert.equal([idOf(ends), sessionIdOf(ends)], [7, SESSION]);
  }
});

test("what a page logs is let go while it comes, however large, and is nobody's fault", () => {
  const args = ['x'.repeat(50_000)];
  const logged = JSON.stringify({ method: 'Runtime.consoleAPICalled', params: { args }, sessionId: SESSION });
  for (const size of [1, 100, 256, 4_096]) {
    const got = split(Buffer.from(`${logged}\0{"a":1}\0`), size);
    assert.equal(got, { frames: ['{"a":1}'], giants: [] }, `chunks of ${size}`);
  }
});

test.run();
