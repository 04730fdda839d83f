/**
 * The server's own egress thread, and exits from it, for a rival that has none of its own.
 */

import { systemClock } from '../../../src/clock.js';
import { createKeeper } from '../../../src/egress/keeper.js';
import { createLanes } from '../../../src/metrics/lane.js';
import { createUsage } from '../../../src/protocol/usage.js';
import { createEgress, type Egress } from '../../../src/worker/egress.js';
import { DOMAINS } from '../../../test/metrics/domains.js';

const LANE = { laneCount: 1, capacity: 2 ** 16 };

export function startExits(): Egress {
  const egress = createEgress();
  const keeper = createKeeper({
    entry: new URL('../../../src/egress/entry.js', import.meta.url),
    setup: {
      policy: 'no-metadata',
      allow: '',
      deny: '',
      proxies: { https: null, http: null, all: null, none: null },
      maxSessionBytes: null,
      usage: createUsage(),
      books: { lanes: createLanes(LANE), laneShape: LANE, domains: DOMAINS },
    },
    heapMb: 128,
    clock: systemClock,
    onLost: (_threadId, message) => {
      throw new Error(`the egress thread: ${message}`);
    },
    onStarted() {
      const port = keeper.connect();
      if (port) egress.connect(port);
    },
  });
  keeper.start();
  return egress;
}
