/**
 * `POST /test`: sessions without a browser, ways to end a worker thread, and questions to the main thread. It exists
 * only when the server was started with HEADCOUNT_TEST_SESSIONS=true. Main thread.
 */
import { takeCensus } from '../census.js';
import { ServiceError } from '../failures.js';
import type { Handlers } from './interface.js';
import { type MAIN_OPERATIONS, OPERATION } from './parameters.js';
import { type Answer, json } from './route.js';
import { runSession, type SessionOptions } from './sessions.js';

/** Operations of the main thread itself, without a session. */
type OfMain = Readonly<Record<(typeof MAIN_OPERATIONS)[number], (options: TestOptions) => Promise<Answer>>>;

const OF_MAIN: OfMain = {
  'main-census': async () => json(await takeCensus()),
  'main-throw': () => {
    setImmediate(() => {
      throw new Error('thrown on purpose');
    });
    return new Promise(() => {});
  },
  'egress-exit': async ({ endEgress }) => {
    endEgress();
    return json({});
  },
};

export interface TestOptions extends SessionOptions {
  /** Ends the egress thread. */
  readonly endEgress: () => void;
}

export function testHandlers(options: TestOptions): Pick<Handlers, 'test'> {
  return {
    async test(request) {
      const { operation } = request.given;
      if (operation === undefined) throw new ServiceError('BAD_REQUEST', `operation: must be ${OPERATION.expected}`);
      if (isOfMain(operation)) return await OF_MAIN[operation](options);
      return await runSession(options, request, { kind: 'test', body: { operation } });
    },
  };
}

function isOfMain(operation: string): operation is keyof typeof OF_MAIN {
  return Object.hasOwn(OF_MAIN, operation);
}
