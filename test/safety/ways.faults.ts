/**
 * A page tries every way to reach somebody whom it may not reach, and none works. Beside it the same page tries the
 * same ways to somebody whom it may reach, and each works.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from '../deadline.js';
import { atRest, ready, start, total } from '../end-to-end/server.js';
import { startNoting, startWays, WAY_NAMES } from './ways.js';

const test = suite('safety/ways');
const LIMIT_MS = 60_000;

for (const make of ['plain', 'Playwright’s']) {
  test(`in a context of ${make} make, a page reaches by no way whom it may not`, async () => {
    const [page, forbidden, allowed] = await Promise.all([startWays(), startNoting(), startNoting()]);
    const server = await start({ NETWORK_DENY: `127.0.0.1:${forbidden.port}` });
    try {
      await ready(server);
      const url = `${page.origin}/?to=${forbidden.origin}&to=${allowed.origin}`;
      const body = make === 'plain' ? { url } : { url, setExtraHTTPHeaders: {} };
      const running = server.post('/content?timeout=120000', body);
      const missing = (): string[] => WAY_NAMES.filter((name) => !allowed.ways.has(name));
      await until(() => missing().length === 0, LIMIT_MS, `${missing()} to come`).catch((error: Error) => {
        throw new Error(`${error.message}; missing ${missing()}`);
      });
      await server.get('/kill/all');
      assert.is((await running).status, 500);
      await atRest(server);
      assert.equal([forbidden.connections(), [...forbidden.ways]], [0, []]);
      assert.ok(total(await server.samples(), 'headcount_egress_refusals_total', 'policy') > 0);
    } finally {
      await server.stop();
      await Promise.all([page.close(), forbidden.close(), allowed.close()]);
    }
  });
}

test.run();
