/**
 * `POST /test`: sessions without a browser, and ways to end a worker thread. There only when the server was started
 * with HEADCOUNT_TEST_SESSIONS=true. Main thread.
 */
import { ServiceError } from '../failures.js';
import { TEST_OPERATIONS } from '../protocol/job.js';
import { TEST_PATH } from './paths.js';
import type { Route } from './route.js';
import { runSession, type SessionRouteOptions } from './sessions.js';

export function testRoutes(options: Pick<SessionRouteOptions, 'submit' | 'timeoutMs' | 'maxTimeoutMs'>): Route[] {
  return [
    {
      path: TEST_PATH,
      methods: ['POST'],
      handle: async (request) => {
        const given = request.query.get('operation');
        const operation = TEST_OPERATIONS.find((one) => one === given);
        if (!operation)
          throw new ServiceError('BAD_REQUEST', `operation: must be one of ${TEST_OPERATIONS.join(', ')}`);
        return await runSession(options, request, { kind: 'test', body: { operation } });
      },
    },
  ];
}
