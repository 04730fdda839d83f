/**
 * The text of a stream, cut anywhere, gives the same events.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createEventText } from '../../src/page/event-text.js';

const test = suite('page/event-text');

test('events come out whole, wherever the text is cut', () => {
  const text = 'data: {"a":1}\n\ndata:{"b":2}\n\n: a comment\n\nevent: x\ndata: 3\n\n';
  for (let cut = 0; cut <= text.length; cut++) {
    const split = createEventText();
    const events = [...split(text.slice(0, cut)), ...split(text.slice(cut))];
    assert.equal(events, ['{"a":1}', '{"b":2}', '3'], `cut at ${cut}`);
  }
});

test('an event that has not ended is not given', () => {
  assert.equal(createEventText()('data: 1\n'), []);
});

test('a stream without an end of event is given up', () => {
  const split = createEventText();
  assert.equal(split('x'.repeat(1_000_000)), []);
  assert.throws(() => split('x'), /without an end/);
});

test.run();
