/**
 * An egress thread that ends when a worker says so.
 */

import '../../src/egress/entry.js';
import { parentPort } from 'node:worker_threads';
import type { MainToEgress } from '../../src/protocol/egress.js';

parentPort?.on('message', (message: MainToEgress) => {
  if (message.kind !== 'worker') return;
  message.port.on('message', ({ kind }) => {
    if (kind === 'die') throw new Error('told to die');
  });
});
