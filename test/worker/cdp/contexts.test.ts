/**
 * In which order the pages of a context get their commands. That they obey is tested with a real Chromium.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCalls } from '../../../src/worker/cdp/calls.js';
import { createContexts, PAGES_MAX } from '../../../src/worker/cdp/contexts.js';

const test = suite('worker/cdp/contexts');

interface Sent {
  readonly id: number;
  readonly method: string;
  readonly sessionId: string;
}

test('a page beyond the limit is closed, but not before it has gone on: its opener would wait with it', async () => {
  const sent: Sent[] = [];
  const calls = createCalls((message) => void sent.push(message as Sent));
  const contexts = createContexts(calls);
  contexts.add('context');
  const attach = (sessionId: string): boolean =>
    contexts.attached(
      { sessionId, targetInfo: { targetId: sessionId, type: 'page', url: '', browserContextId: 'context' } },
      Buffer.alloc(0),
    );
  for (let i = 0; i <= PAGES_MAX; i++) assert.ok(attach(`page ${i}`));
  const closed = (): string[] => sent.filter(({ method }) => method === 'Page.close').map(({ sessionId }) => sessionId);
  const begun = sent.filter(({ method }) => method === 'Runtime.runIfWaitingForDebugger');
  // Whoever gets the first page lets it go.
  assert.is(begun.length, PAGES_MAX);
  assert.equal(closed(), []);
  for (const { id } of begun) calls.answer(JSON.parse(JSON.stringify({ id, result: {} })));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(closed(), [`page ${PAGES_MAX}`]);
  calls.end();
});

test.run();
