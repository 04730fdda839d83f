/**
 * A way out for tests without a server: real exits, served in this thread, to wherever the server lets pages go by
 * default.
 */

import { MessageChannel } from 'node:worker_threads';
import { systemClock } from '../../src/clock.js';
import { createEgress as createExits } from '../../src/egress/egress.js';
import { serveMain } from '../../src/egress/thread.js';
import { createUsage } from '../../src/protocol/usage.js';
import { createEgress, type Egress } from '../../src/worker/egress.js';

export interface Exits {
  readonly egress: Egress;
  /** The thread that serves them dies, as a worker sees it. */
  lose(): void;
  /** Another thread serves. */
  serve(): void;
  close(): void;
}

const NO_PROXIES = { https: null, http: null, all: null, none: null };
const record = { bytes() {}, connection() {}, refusal() {}, open() {} };

export function openExits(): Exits {
  const egress = createEgress();
  let end = (): void => {};
  const serve = (): void => {
    const main = new MessageChannel();
    const worker = new MessageChannel();
    const exits = createExits({
      setup: {
        policy: 'no-metadata',
        allow: '',
        deny: '',
        proxies: NO_PROXIES,
        maxSessionBytes: null,
        usage: createUsage(),
      },
      record,
      clock: systemClock,
    });
    serveMain(main.port2, exits);
    main.port1.postMessage({ kind: 'worker', port: worker.port1 }, [worker.port1]);
    egress.connect(worker.port2);
    end = () => {
      worker.port2.close();
      main.port1.close();
    };
  };
  serve();
  return { egress, serve, lose: () => end(), close: () => end() };
}
