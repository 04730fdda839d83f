/**
 * `POST /test`: sessions without a browser, ways to end a worker thread, and two questions to the main thread. There
 * only when the server was started with HEADCOUNT_TEST_SESSIONS=true. Main thread.
 */
import { takeCensus } from '../census.js';
import { ServiceError } from '../failures.js';
import { TEST_OPERATIONS } from '../protocol/jobs/test.js';
import { TEST_PATH } from './paths.js';
import { type Answer, json, type Route } from './route.js';
import { runSession, type SessionOptions } from './sessions.js';

/** What is asked of the main thread itself; no session. */
const MAIN_OPERATIONS: Readonly<Record<string, () => Promise<Answer>>> = {
  'main-census': async () => json(await takeCensus()),
  'main-throw': () => {
    setImmediate(() => {
      throw new Error('thrown on purpose');
    });
    return new Promise(() => {});
  },
};

export function testRoutes(options: SessionOptions): Route[] {
  return [
    {
      path: TEST_PATH,
      methods: ['POST'],
      handle: async (request) => {
        const given = request.query.get('operation') ?? '';
        const ofMain = Object.hasOwn(MAIN_OPERATIONS, given) ? MAIN_OPERATIONS[given] : undefined;
        if (ofMain) return await ofMain();
        const operation = TEST_OPERATIONS.find((one) => one === given);
        if (!operation) {
          const names = [...TEST_OPERATIONS, ...Object.keys(MAIN_OPERATIONS)];
          throw new ServiceError('BAD_REQUEST', `operation: must be one of ${names.join(', ')}`);
        }
        return await runSession(options, request, { kind: 'test', body: { operation } });
      },
    },
  ];
}
