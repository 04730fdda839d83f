/**
 * What `/pressure` says of CPU and memory: it shows the latest samples, and judges by the last seconds.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStatus } from '../../src/server/status.js';
import type { Usage } from '../../src/server/usage.js';
import { createFakeClock } from '../metrics/fake-clock.js';

const test = suite('server/status');

function statusOf(usage: Usage, slotsInUse = 0) {
  return createStatus({
    config: { concurrent: 2, queueLength: 0 },
    clock: createFakeClock(1_000),
    admission: { slotsInUse: () => slotsInUse, queueLength: () => 0, active: () => [] },
    isBrowserReady: () => true,
    wasBrowserReady: () => true,
    isHopeless: () => false,
    isDraining: () => false,
    recentlyRejected: () => 0,
    usage: () => usage,
  });
}

test('a busy second is shown, and no reason to go elsewhere', () => {
  const status = statusOf({ cpu: 1, memory: 0.994, isCpuOver: false, isMemoryOver: false });
  const { cpu, memory, isAvailable, reason, message } = status.pressure();
  assert.equal([cpu, memory, isAvailable, reason, message], [100, 100, true, '', '']);
  assert.equal(status.overloaded(), { cpu: false, memory: false, queue: false });
});

test('an overload is one when the last second was quiet, too', () => {
  const busy = statusOf({ cpu: 0.401, memory: 0.2, isCpuOver: true, isMemoryOver: true });
  const { cpu, memory, isAvailable, reason, message } = busy.pressure();
  assert.equal([cpu, memory, isAvailable, reason], [41, 20, false, 'cpu']);
  assert.is(message, 'CPU is over the configured maximum for cpu percent');
  assert.equal(busy.overloaded(), { cpu: true, memory: true, queue: false });
  assert.is(busy.notReady(), null, 'sessions are taken all the same');
  assert.is(statusOf({ cpu: 0, memory: 0, isCpuOver: false, isMemoryOver: true }).pressure().reason, 'memory');
  assert.is(statusOf({ cpu: 0, memory: 0, isCpuOver: true, isMemoryOver: true }, 2).pressure().reason, 'full');
});

test.run();
