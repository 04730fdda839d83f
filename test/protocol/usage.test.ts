import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createUsage, EXIT_COUNT_MAX, openUsage } from '../../src/protocol/usage.js';

const test = suite('protocol/usage');

test('adds up what an exit sent and received, for whoever opens the same memory', () => {
  const buffer = createUsage();
  const usage = openUsage(buffer);
  usage.begin(7);
  usage.add(7, { sentBytes: 2, receivedBytes: 30 });
  usage.add(7, { sentBytes: 0, receivedBytes: 12 });
  assert.equal(openUsage(buffer).read(7), { sentBytes: 2, receivedBytes: 42 });
});

test('tells nothing of an exit that never was', () => {
  const usage = openUsage(createUsage());
  for (const id of [0, 1, -1, EXIT_COUNT_MAX]) assert.is(usage.read(id), null);
});

test('keeps a row until another exit takes it, which begins with 0', () => {
  const usage = openUsage(createUsage());
  usage.begin(1);
  usage.add(1, { sentBytes: 5, receivedBytes: 5 });
  usage.begin(1 + EXIT_COUNT_MAX);
  usage.add(1, { sentBytes: 9, receivedBytes: 9 });
  assert.is(usage.read(1), null);
  assert.equal(usage.read(1 + EXIT_COUNT_MAX), { sentBytes: 0, receivedBytes: 0 });
});

test('knows the highest id', () => {
  const usage = openUsage(createUsage());
  assert.is(usage.lastExitId(), 0);
  for (const id of [3, 9_000, 5]) usage.begin(id);
  assert.is(usage.lastExitId(), 9_000);
});

test.run();
